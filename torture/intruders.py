"""Intruders at the app: each attack is a request that must be refused, or answered without anything of others.

An attack returns what went wrong in words, or "" if nothing did.
"""

import json
import socket
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from random import Random

import httpx

from torture.app_server import Target
from torture.errands import CANARY
from torture.visitors import Refused, Visitor

_SOCKET_SECONDS = 20.0
_LISTEN_SECONDS = 1.0
_MOST_BYTES = 2_000_000
# What the endpoint super_resolve takes besides the image: model, detail, offset, scale, nodata, names of bands, soften.
_USUAL = ("sisr-x4-rgbn", 1.0, "", "", "", "", False)
# What no answer may contain: Python's error text, files of others, and files of the system.
_NEVER = ("Traceback (most recent call last)", CANARY, "root:x:0:0", "PATH=")
_TIFF = b"II*\0\x08\0\0\0"
_VRT = b'<VRTDataset rasterXSize="8" rasterYSize="8"><SRS>/etc/passwd</SRS></VRTDataset>'
_JOB_PATHS = (
    "",
    "/files/sr0.tif",
    "/files/lr.tif",
    "/files/..%2f..%2flock",
    "/tiles/pixels/sr/20/524288/524288.webp",
    "/pictures/sr.webp",
    "/pixel?row=0&col=0",
    "/legend/sr",
    "/views/0.png",
    "/figure.pdf",
    "/map",
)


class Intruder:
    """An attacker at a server.

    Args:
        visitor: the connection.
        target: the server.
        random: what chooses the attacks and their values.

    Attributes:
        attacks: the attacks.
    """

    def __init__(self, visitor: Visitor, target: Target, random: Random) -> None:
        self._visitor, self._port, self._server, self._sample = visitor, target.port, target.folder, target.sample
        self._http, self._random = visitor.http, random
        self.attacks: tuple[Callable[[], str], ...] = (
            self.guess_jobs,
            self.change_the_sample,
            self.read_files,
            self.listen_to_others,
            self.cancel_others,
            self.name_files,
            self.send_bodies,
            self.upload_files,
            self.ask_for_strange_pictures,
            self.use_other_routes,
            self.pretend_another_host,
            self.break_http,
            self.leave_in_the_middle,
        )

    def attack(self) -> str:
        """Make one attack, and return what went wrong in words."""
        attack = self._random.choice(self.attacks)
        said = self.make(attack)
        return f"{attack.__name__}: {said}" if said else ""

    def make(self, attack: Callable[[], str]) -> str:
        """Make an attack of `attacks`. A connection that breaks is a refusal if the server goes on."""
        try:
            return attack()
        except httpx.TransportError as error:
            health = self._http.get("/health")
            return "" if health.status_code == 200 else f"{type(error).__name__}, then status {health.status_code}"

    def guess_jobs(self) -> str:
        """Ask for jobs and products by names that nobody has."""
        guesses = (
            self._name(16),
            self._sample[:-1],
            self._sample.swapcase(),
            "%2e%2e",
            ".",
            "*",
            "lock",
        )
        name = self._random.choice(guesses)
        of_job = f"/jobs/{name}{self._random.choice(_JOB_PATHS)}"
        path = self._random.choice((of_job, f"/products/{name}/quicklook.webp"))
        method = self._random.choice(("GET", "GET", "DELETE"))
        return self._expect(self._http.request(method, path), path, 400, 404, 405, 422)

    def change_the_sample(self) -> str:
        """Stop the sample, which is done, and see that it stays."""
        self._http.delete(f"/jobs/{self._sample}")
        state = self._http.get(f"/jobs/{self._sample}").json()["state"]
        return "" if state == "done" else f"the sample is {state}"

    def read_files(self) -> str:
        """Ask for files of the server by their paths."""
        folder = self._server
        paths = (
            "/etc/passwd",
            "/proc/self/environ",
            f"{folder}",
            f"{folder}/lock",
            f"{folder}/uploads",
            f"{folder}/{self._sample}/sr0.tif",
            f"{folder}/uploads/../{self._sample}/lr.tif",
            f"{folder}/uploads/../../../../etc/passwd",
            f"{folder}/uploads/{self._name(32)}/a.tif",
        )
        path = self._random.choice(paths)
        way = self._random.choice(("/gradio_api/file={}", "/gradio_api/file=%2F..{}", "/static/..{}", "/web/..{}"))
        return self._expect(self._http.get(way.format(path)), way.format(path), 400, 403, 404, 405, 422)

    def listen_to_others(self) -> str:
        """Listen for a second to the answers of sessions and events that others may have."""
        session = self._random.choice(("", "0", "null", self._name(8), "*"))
        event = self._name(16)
        path = self._random.choice(
            (f"/gradio_api/queue/data?session_hash={session}", f"/gradio_api/call/super_resolve/{event}")
        )
        heard = ""
        try:
            with self._http.stream("GET", path, timeout=_LISTEN_SECONDS) as stream:
                for text in stream.iter_text():
                    heard += text
        except httpx.TransportError:  # nothing came, or the server hung up
            pass
        return "" if "process_completed" not in heard and not _leaks(heard) else f"{path} answered {heard[:120]!r}"

    def cancel_others(self) -> str:
        """Cancel events of sessions that others may have. Valid requests at the same time show whether one was."""
        asked = {
            "session_hash": self._name(8),
            "fn_index": self._random.randint(0, 40),
            "event_id": "",
        }
        asked["event_id"] = self._name(16)
        return self._expect(self._http.post("/gradio_api/cancel", json=asked), "cancel", 200, 422)

    def name_files(self) -> str:
        """Name a file of the server, or an address, instead of an upload."""
        names = ("/etc/passwd", f"{self._server}/lock", f"{self._server}/{self._sample}/sr0.tif", "../../lock", "", "/")
        own = f"{self._visitor.address}/"
        addresses = ("http://127.0.0.1:1/a.tif", "file:///etc/passwd", "ftp://127.0.0.1/a.tif", own)
        given = {"path": self._random.choice((*names, *addresses)), "meta": {"_type": "gradio.FileData"}}
        if self._random.random() < 0.3:
            given["url"] = self._random.choice(addresses)
        return self._expect_refusal("super_resolve", [given, *_USUAL])

    def send_bodies(self) -> str:
        """Send bodies that are too large, too deep, or of other types than the endpoint takes."""
        image = {"path": "a.tif", "meta": {"_type": "gradio.FileData"}}
        deep = b'{"data": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"
        bodies = (
            b"",
            b"null",
            b"[]",
            b"{",
            b"\xff\xfe{}",
            deep,
            b'{"data": ["' + b"a" * _MOST_BYTES + b'"]}',
            json.dumps({"data": [image, {"model": 1}, "much", ["offset"], *_USUAL[3:]]}).encode(),
            json.dumps({"data": [image, "sisr-x4-rgbn", float("nan"), *_USUAL[2:]]}).encode(),
            json.dumps({"data": [image, "../../etc/passwd", 1e308, "'; drop table", *_USUAL[3:]]}).encode(),
            json.dumps({"data": [[image] * 2000, "misr-x4-rgbn"]}).encode(),
            json.dumps({"data": []}).encode(),
        )
        body, endpoint = self._random.choice(bodies), self._random.choice(("super_resolve", "super_resolve_revisits"))
        path = self._random.choice((f"/gradio_api/call/{endpoint}", "/gradio_api/queue/join"))
        if path.endswith("join") and self._random.random() < 0.5:
            function = self._random.choice((-1, 10**9, "x", None, 0.5, True))
            body = json.dumps({"data": [], "fn_index": function, "session_hash": self._name(4)}).encode()
        answer = self._http.post(path, content=body, headers={"Content-Type": "application/json"})
        return self._expect(answer, f"{path} {body[:60]!r}", 200, 400, 404, 413, 422, 503)

    def upload_files(self) -> str:
        """Upload something that is no image, and ask for its result."""
        bomb = BytesIO()
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("../../MTD_MSIL2A.xml", b"<a>" * 300_000)
        huge = _TIFF + struct.pack("<HHHII", 1, 256, 4, 1, 2**31 - 1) + bytes(4)
        noise, array = self._random.randbytes(5000), b"\x93NUMPY\x01\0" + b"v" * 300
        content = self._random.choice((b"", b"x", _TIFF, _VRT, huge, array, noise, bomb.getvalue()))
        long, turned = f"{'c' * 300}.tif", "d\u202egpj.tif"
        name = self._random.choice(("a.tif", "../../b.tif", "lock", "sr0.tif", long, turned, ".tif", "e.vrt", "f.zip"))
        answer = self._http.post("/gradio_api/upload", files={"files": (name, content)})
        if answer.status_code != 200:
            return self._expect(answer, f"an upload named {name[:20]!r}", 400, 413, 422)
        given = {"path": answer.json()[0], "orig_name": name, "meta": {"_type": "gradio.FileData"}}
        if self._random.random() < 0.5:
            return self._expect_refusal("super_resolve", [given, *_USUAL])
        return self._expect_refusal("super_resolve_product", [given, "", "sisr-x4-rgbn", 1.0, False])

    def ask_for_strange_pictures(self) -> str:
        """Ask for tiles, pictures, values and figures of the sample with numbers out of range."""
        number = self._random.choice(("-1", "0", "99", "1e9", "nan", "inf", "%00", "9" * 400, "..", "1;2"))
        layer = self._random.choice(("sr", "input", "../sr0", "no layer", "%2e%2e%2f"))
        asked = (
            f"tiles/pixels/{layer}/{number}/{number}/{number}.webp",
            f"tiles/earth/{layer}/30/{number}/1.webp?gamma={number}",
            f"pictures/{layer}.webp?size={number}&cut={number}&gamma={number}",
            f"pixel?row={number}&col={number}",
            f"pixel?lon={number}&lat={number}",
            f"figure.{layer}?bounds={number},{number},{number},{number}",
            f"figure.png?rows_cols={number},0,{number},5",
            f"legend/{layer}?composite={number}",
            f"views/{number}.png",
            f"map?left={layer}&right={number}&base=true",
        )
        path = f"/jobs/{self._sample}/{self._random.choice(asked)}"
        return self._expect(self._http.get(path), path, 200, 204, 400, 404, 422)

    def use_other_routes(self) -> str:
        """Use routes and methods that the app does not offer."""
        routes = ("run/super_resolve", "proxy=http://127.0.0.1/", "component_server", "queue/status", "token", "runs")
        of_gradio = f"/gradio_api/{self._random.choice(routes)}"
        path = self._random.choice((of_gradio, "/docs", "/monitoring", "/%2e%2e/etc"))
        method = self._random.choice(("GET", "POST", "PUT", "PATCH", "TRACE", "OPTIONS", "BREW"))
        return self._expect(self._http.request(method, path), f"{method} {path}", 400, 404, 405, 422)

    def pretend_another_host(self) -> str:
        """Ask by another name than the server's, or as a page of another site."""
        if self._random.random() < 0.5:
            answer = self._http.get("/", headers={"Host": "evil.example"})
            return self._expect(answer, "another host", 400)
        headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
        return self._expect(self._http.post("/gradio_api/queue/join", json={}, headers=headers), "cross-site", 403)

    def break_http(self) -> str:
        """Send bytes that are no HTTP, or two lengths of one body."""
        host = f"Host: 127.0.0.1:{self._port}\r\n"
        upload = f"POST /gradio_api/upload HTTP/1.1\r\n{host}"
        sent = self._random.choice(
            (
                b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + self._random.randbytes(200),
                b"GET /\r\n\r\n",
                f"GET / HTTP/1.1\r\n{host}{'X-A: b' * 20_000}\r\n\r\n".encode(),
                f"{upload}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x".encode(),
                f"{upload}Content-Length: -1\r\n\r\n".encode(),
                f"{upload}Content-Type: multipart/form-data\r\nContent-Length: 3\r\n\r\nabc".encode(),
                f"{upload}Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 4\r\n\r\n--b\r".encode(),
                f"GET /{'a' * 70_000} HTTP/1.1\r\n{host}\r\n".encode(),
                f"GET /jobs/\0 HTTP/1.1\r\n{host}\r\n".encode(),
            )
        )
        answer = ""
        with socket.create_connection(("127.0.0.1", self._port), _SOCKET_SECONDS) as connection:
            try:
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
                while part := connection.recv(65_536):
                    answer += part.decode("latin-1")
            except TimeoutError:
                return f"{sent[:60]!r} was never answered"
            except OSError:  # the server hung up, which is an answer
                pass
        return f"{sent[:60]!r} leaked {answer[:80]!r}" if _leaks(answer) else ""

    def leave_in_the_middle(self) -> str:
        """Break off an upload or a download with a reset."""
        host = f"Host: 127.0.0.1:{self._port}\r\n"
        begun = (
            f"POST /gradio_api/upload HTTP/1.1\r\n{host}Content-Type: multipart/form-data; boundary=b\r\n"
            f"Content-Length: 500000\r\n\r\n--b\r\nContent-Disposition: form-data; name=files; filename=a.tif\r\n\r\n"
            f"{'a' * 1000}"
        )
        asked = f"GET /jobs/{self._sample}/files/sr0.tif HTTP/1.1\r\n{host}\r\n"
        with socket.create_connection(("127.0.0.1", self._port), _SOCKET_SECONDS) as connection:
            connection.sendall(self._random.choice((begun, asked)).encode())
            if self._random.random() < 0.5:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return ""

    def _name(self, count: int) -> str:
        """Return a name of `count` bytes that nobody else has, in hexadecimal digits."""
        return self._random.randbytes(count).hex()

    def _expect_refusal(self, endpoint: str, data: list[object]) -> str:
        """Call an endpoint, and return what is wrong if it does not refuse with a sentence."""
        try:
            outputs = self._visitor.call(endpoint, data)
        except Refused as error:
            said = str(error)
        else:
            return f"{endpoint} accepted {str(data[0])[:160]}: {str(outputs)[:100]}"
        if _leaks(said) or str(self._server) in said:
            return f"{endpoint} said {said[:160]!r}"
        return ""

    def _expect(self, answer: httpx.Response, what: str, *statuses: int) -> str:
        """Return what is wrong with an answer."""
        if answer.status_code not in statuses:
            return f"{what} has status {answer.status_code}: {answer.text[:100]!r}"
        return f"{what} leaked {answer.text[:100]!r}" if _leaks(answer.text) else ""


def _leaks(text: str) -> bool:
    return any(word in text for word in _NEVER)
