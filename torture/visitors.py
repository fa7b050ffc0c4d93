"""Visitors of the app who ask for something valid, and check the answer: programs, plain HTTP, and the page."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import httpx
import numpy as np
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from torture.errands import Errand, read_pixels

# Longest wait for one answer of the server. A result may wait behind forty others.
SECONDS = 300.0
_POLL_SECONDS = 0.3
# How the app says that it is full. Any other refusal of a valid request is a failure.
_LIMITS = re.compile(
    r"The queue is full|waiting jobs; at most|busy with other uploads|too many products open|Queue is full|"
    r"The server is busy"
)
_JOB = re.compile(r'data-id="([\w-]+)"')


class Refused(Exception):
    """An answer of the app that says no, for people."""


class Full(Refused):
    """A refusal because of a limit of the server."""


class Visitor:
    """A visitor with an address of its own.

    Args:
        address: address of the server.
        number: 0 to 65535; the server tells visitors apart by the address that a proxy states.
        folder: an empty folder for downloads.
        random: what chooses among the ways, and names.
    """

    def __init__(self, address: str, number: int, folder: Path, random: Random) -> None:
        self.address, self._folder, self._random = address, folder, random
        self.headers = {"X-Forwarded-For": f"198.18.{number // 256}.{number % 256}"}
        # The server closes idle connections after five seconds. A request at that moment would fail.
        limits = httpx.Limits(keepalive_expiry=2)
        self.http = httpx.Client(
            base_url=address, headers=self.headers, timeout=SECONDS, limits=limits, trust_env=False
        )
        self._client: Client | None = None

    def close(self) -> None:
        """Leave the server."""
        self.http.close()
        if self._client is not None:
            self._client.close()

    def run(self, errand: Errand) -> None:
        """Ask for a result in one of the ways that there are, and compare it with the right one.

        Raises:
            Full: a limit of the server, which it names.
            Refused: any other refusal.
            AssertionError: the answer is wrong.
        """
        if errand.area:
            self.by_program(errand)
        else:
            self._random.choice((self.by_program, self.by_http, self.by_page))(errand)

    def by_program(self, errand: Errand) -> None:
        """Ask with gradio_client; see `run`."""
        if self._client is None:
            self._client = Client(
                self.address,
                headers=self.headers,
                verbose=False,
                analytics_enabled=False,
                download_files=str(self._folder),
                httpx_kwargs={"timeout": SECONDS, "trust_env": False},
            )
        given: dict[str, Any] = {"model": errand.model}
        name = "image"
        if errand.area:
            name, given = "product", given | {"area": errand.area}
        endpoint = "/super_resolve_product" if errand.area else "/super_resolve"
        with _refusals():
            result, _, report = self._client.predict(
                **{name: handle_file(str(errand.file))}, **given, api_name=endpoint
            )
        _require_right(errand, Path(result), report)

    def by_http(self, errand: Errand) -> None:
        """Ask as `curl` would; see `run`."""
        _, _, *usual = self.usual_inputs("super_resolve")
        outputs = self.call("super_resolve", [self.upload(errand.file), errand.model, *usual])
        answer = self.http.get(f"/gradio_api/file={outputs[0]['path']}")
        _require_right(errand, self._kept(answer), outputs[2])

    def by_page(self, errand: Errand) -> None:
        """Ask as the page does, follow the job by its address, and look at its pictures; see `run`."""
        html = self._press_start(errand)
        found = _JOB.search(html)
        if found is None:
            raise _refusal(re.sub(r"<[^>]+>", " ", html))
        job = f"/jobs/{found[1]}"
        deadline = time.monotonic() + SECONDS
        state = {"state": "waiting"}
        while state["state"] in ("waiting", "running"):
            if time.monotonic() > deadline:
                raise AssertionError("the job did not end")
            time.sleep(_POLL_SECONDS)
            state = self.http.get(job).raise_for_status().json()
        if state["state"] != "done":
            raise _refusal(str(state.get("message", state["state"])))
        _require_right(errand, self._kept(self.http.get(f"{job}/files/sr0.tif")), "px became")
        for picture in (f"{job}/pictures/sr.webp", f"{job}/pixel?row=1&col=1", f"{job}/figure.png"):
            self.http.get(picture).raise_for_status()

    def look(self) -> None:
        """Load the page, as every visitor does first."""
        page = self.http.get("/")
        if page.status_code != 200 or "rs_srgan" not in page.text:
            raise AssertionError(f"the page has status {page.status_code}")
        self.http.get("/health").raise_for_status()

    def upload(self, file: Path, name: str | None = None) -> dict[str, Any]:
        """Upload a file, and return it as an argument of an endpoint."""
        with file.open("rb") as opened:
            answer = self.http.post("/gradio_api/upload", files={"files": (name or file.name, opened)})
        if answer.status_code != 200:
            raise _refusal(answer.text)
        return {"path": answer.json()[0], "orig_name": file.name, "meta": {"_type": "gradio.FileData"}}

    def call(self, endpoint: str, data: list[Any]) -> list[Any]:
        """Call a named endpoint, and return its outputs.

        Raises:
            Refused: it answers with an error.
        """
        joined = self.http.post(f"/gradio_api/call/{endpoint}", json={"data": data})
        if joined.status_code != 200:
            raise _refusal(joined.text)
        event = ""
        with self.http.stream("GET", f"/gradio_api/call/{endpoint}/{joined.json()['event_id']}") as stream:
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    event = line.removeprefix("event: ")
                elif line.startswith("data: ") and event in ("complete", "error"):
                    content = json.loads(line.removeprefix("data: "))
                    if event == "error":
                        raise _refusal(str(content))
                    return list(content)
        raise AssertionError("the stream ended without an answer")

    def press(self, function: int, trigger: int, data: list[Any]) -> list[Any]:
        """Call a function of the page, and return its outputs; see `call`."""
        session = self._random.randbytes(8).hex()
        asked = {"data": data, "fn_index": function, "trigger_id": trigger, "session_hash": session}
        joined = self.http.post("/gradio_api/queue/join", json=asked)
        if joined.status_code != 200:
            raise _refusal(joined.text)
        with self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
            for line in stream.iter_lines():
                message = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
                if message.get("msg") == "process_completed":
                    if not message["success"]:
                        raise _refusal(str(message["output"]))
                    return list(message["output"]["data"])
        raise AssertionError("the stream ended without an answer")

    @cached_property
    def _config(self) -> dict[str, Any]:
        """The components and the functions of the page, as Gradio describes them."""
        config: dict[str, Any] = self.http.get("/config").raise_for_status().json()
        return config

    def usual_inputs(self, endpoint: str) -> list[Any]:
        """Return the values that a named endpoint takes if nobody changes them."""
        return self._values(next(each for each in self._config["dependencies"] if each["api_name"] == endpoint))

    def _values(self, function: dict[str, Any]) -> list[Any]:
        values = {each["id"]: each["props"].get("value") for each in self._config["components"]}
        return [values[component] for component in function["inputs"]]

    def _press_start(self, errand: Errand) -> str:
        components, functions = self._config["components"], self._config["dependencies"]
        button = next(each["id"] for each in components if each["props"].get("elem_id") == "start")
        chosen = (each for each in functions if [button, "click"] in map(list, each["targets"]))
        function = next(each for each in chosen if each["inputs"])
        _, _, *usual = self._values(function)
        return str(self.press(function["id"], button, [self.upload(errand.file), errand.model, *usual])[0])

    def _kept(self, answer: httpx.Response) -> Path:
        """Write an answer into a file."""
        if answer.status_code != 200:
            raise AssertionError(f"a result has status {answer.status_code}: {answer.text[:120]}")
        path = self._folder / f"{self._random.randbytes(8).hex()}.tif"
        path.write_bytes(answer.content)
        return path


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn an error that gradio_client raises for an answer of the app into `Refused`."""
    try:
        yield
    except AppError as error:
        raise _refusal(str(error)) from None
    except Exception as error:  # gradio_client has one for a full queue, too
        if _LIMITS.search(str(error)):
            raise _refusal(str(error)) from None
        raise


def _refusal(text: str) -> Refused:
    line = " ".join(text.split())[:300]
    return Full(line) if _LIMITS.search(line) else Refused(line)


def _require_right(errand: Errand, result: Path, report: str) -> None:
    pixels = read_pixels(result)
    result.unlink()
    if not np.array_equal(pixels, errand.result):
        raise AssertionError(f"other pixels than those of rs-srgan predict: {pixels.shape}, {errand.result.shape}")
    if "px became" not in report:
        raise AssertionError(f"the report is {report[:80]!r}")
