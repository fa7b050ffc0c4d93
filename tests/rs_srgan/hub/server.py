"""A look-alike of the Hugging Face Hub: what huggingface_hub asks for, over real HTTP, with faults to switch on.

Model repositories in memory: branches, pull requests, Git LFS, private and gated repositories. Large files are served
by a storage of another host name, as the Hub does, to which no token must be sent.
"""

import base64
import hashlib
import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

import uvicorn
import yaml
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

TOKENS = {"hf_lookalike_owner": "organisation", "hf_lookalike_stranger": "stranger"}
OWNER, STRANGER = TOKENS
LARGE = (".safetensors", ".png", ".bin", ".ckpt")  # kept outside of Git


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.response = JSONResponse({"error": message}, status, {"X-Error-Message": message})
        if code:
            self.response.headers["X-Error-Code"] = code


@dataclass
class Repo:
    private: bool = False
    gated: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)  # files by path, by commit
    refs: dict[str, str] = field(default_factory=dict)  # commits, by branch or refs/pr/N
    messages: list[str] = field(default_factory=list)

    def commit(self, ref: str, files: dict[str, bytes], message: str) -> str:
        content = "".join(f"{path} {oid(path, data)}" for path, data in sorted(files.items()))
        sha = hashlib.sha1(f"{len(self.commits)} {content}".encode()).hexdigest()
        self.commits[sha], self.refs[ref] = files, sha
        self.messages.append(message)
        return sha

    def files(self, ref: str = "main") -> dict[str, bytes]:
        return self.commits[self.refs[ref]]


def git_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def oid(path: str, data: bytes) -> str:
    return hashlib.sha256(data).hexdigest() if path.endswith(LARGE) else git_oid(data)


class HubLookalike:
    """The whole Hub: an ASGI application, and the thread that serves it.

    Attributes:
        repos: by id.
        requests: what was asked for: method, path, and whether a token came with it.
        faults: by the end of a path, what answers a download of it instead, given the content and the request.
    """

    def __init__(self, listening: socket.socket) -> None:
        host, port = listening.getsockname()
        self.url, self.storage = f"http://{host}:{port}", f"http://localhost:{port}"
        self.reset()
        listening.listen()
        self._server = uvicorn.Server(uvicorn.Config(self, log_level="critical", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, args=([listening],), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    def reset(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.requests: list[tuple[str, str, bool]] = []
        self.faults: dict[str, Callable[[bytes, Request], Response]] = {}
        self.uploaded: dict[str, bytes] = {}  # large files, by SHA-256
        self.push_meanwhile = False  # somebody else is faster, once
        self.storage_full = False
        self.mirror = ""  # instead of a hash, followed by the path

    def add(self, name: str, files: dict[str, bytes], private: bool = False, gated: bool = False) -> Repo:
        """A repository that is there already."""
        repo = self.repos[name] = Repo(private, gated)
        repo.commit("main", {}, "initial commit")
        repo.commit("main", dict(files), "files")
        return repo

    def large(self, name: str) -> bytes:
        """The large file of that SHA-256; nothing where there is none."""
        there = (each for repo in self.repos.values() for files in repo.commits.values() for each in files.items())
        return self.uploaded.get(name) or next((data for path, data in there if oid(path, data) == name), b"")

    def uploads(self) -> list[str]:
        return [path for method, path, _ in self.requests if method == "PUT"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = scope["raw_path"].decode().partition("?")[0]
        self.requests.append((request.method, unquote(path), "authorization" in request.headers))
        try:
            response = self._answer(request, [unquote(part) for part in path.split("/")[1:]], await request.body())
        except Refusal as refusal:
            response = refusal.response
        await response(scope, receive, send)

    def _answer(self, request: Request, path: list[str], body: bytes) -> Response:
        match request.method, path:
            case "PUT" | "GET" as method, ["storage", name]:
                if "authorization" in request.headers:
                    raise Refusal(400, "Only one auth mechanism allowed")
                return (
                    self._store(name, body) if method == "PUT" else self._serve(name, self.large(name) or b"", request)
                )
            case "POST", ["api", "validate-yaml"]:
                return validate(json.loads(body)["content"])
            case "POST", ["api", "repos", "create"]:
                return self._create(request, json.loads(body))
            case _, ["api", "models", organisation, name, *rest]:
                return self._api(request, f"{organisation}/{name}", rest, body)
            case "POST", [organisation, name, "info", "lfs", "objects", "batch"] if name.endswith(".git"):
                self._repo(request, f"{organisation}/{name.removesuffix('.git')}", write=True)
                return self._batch(json.loads(body)["objects"])
            case "GET" | "HEAD", [organisation, name, "resolve", revision, *parts]:
                return self._resolve(request, f"{organisation}/{name}", revision, "/".join(parts))
        raise Refusal(404, f"Nothing at {path}")

    def _user(self, request: Request) -> str | None:
        given = request.headers.get("authorization")
        if given is None:
            return None
        user = TOKENS.get(given.removeprefix("Bearer "))
        if user is None:
            raise Refusal(401, "Invalid credentials in Authorization header")
        return user

    def _repo(self, request: Request, name: str, write: bool = False) -> Repo:
        user, repo = self._user(request), self.repos.get(name)
        if repo is None or (repo.private and user != name.split("/")[0]):
            raise Refusal(404 if user else 401, "Repository not found", "RepoNotFound")
        if repo.gated and user != name.split("/")[0]:
            raise Refusal(403, f"Access to model {name} is restricted", "GatedRepo")
        if write and user != name.split("/")[0]:
            raise Refusal(403, f"You have no write access to {name}")
        return repo

    def _commit_of(self, repo: Repo, revision: str) -> str:
        sha = repo.refs.get(revision, revision)
        if sha not in repo.commits:
            raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return sha

    def _create(self, request: Request, asked: dict) -> Response:
        user = self._user(request)
        organisation = asked.get("organization") or user
        name = f"{organisation}/{asked['name']}"
        if user is None:
            raise Refusal(401, "Invalid username or password.")
        if user != organisation:
            raise Refusal(403, f'You have no rights to create a model under the namespace "{organisation}"')
        if name in self.repos:
            return JSONResponse({"error": "You already created this model repo", "url": f"{self.url}/{name}"}, 409)
        self.add(name, {}, private=bool(asked.get("private")) or asked.get("visibility") == "private")
        return JSONResponse({"url": f"{self.url}/{name}", "name": name})

    def _api(self, request: Request, name: str, path: list[str], body: bytes) -> Response:
        repo = self._repo(request, name, write=request.method == "POST")
        match request.method, path:
            case "GET", [] | ["revision", _]:
                sha = self._commit_of(repo, path[1] if path else "main")
                siblings = [{"rfilename": each} for each in repo.commits[sha]]
                return JSONResponse({"id": name, "sha": sha, "private": repo.private, "siblings": siblings})
            case "GET", ["tree", revision, *_]:
                whole = request.query_params.get("recursive", "false").lower() in ("true", "1")
                return JSONResponse(tree(repo.commits[self._commit_of(repo, revision)], whole))
            case "POST", ["branch", branch]:
                if branch in repo.refs:
                    raise Refusal(409, f"Reference already exists: refs/heads/{branch}")
                repo.refs[branch] = self._commit_of(repo, json.loads(body).get("startingPoint", "main"))
                return JSONResponse({})
            case "POST", ["preupload", revision]:
                there = repo.commits[self._commit_of(repo, revision)]
                return JSONResponse({"files": [preupload(each["path"], there) for each in json.loads(body)["files"]]})
            case "POST", ["commit", revision]:
                return self._commit(repo, name, revision, "create_pr" in request.query_params, body)
        raise Refusal(404, f"Nothing at {path}")

    def _batch(self, objects: list[dict]) -> Response:
        answers = []
        for each in objects:
            upload = {"upload": {"href": f"{self.storage}/storage/{each['oid']}"}}
            answers.append(each if self.large(each["oid"]) else {**each, "actions": upload})
        return JSONResponse({"transfer": "basic", "objects": answers})

    def _store(self, name: str, data: bytes) -> Response:
        if self.storage_full:
            raise Refusal(507, "Insufficient storage")
        if hashlib.sha256(data).hexdigest() != name:
            raise Refusal(400, "The content is not what its hash says")
        self.uploaded[name] = data
        return Response()

    def _commit(self, repo: Repo, name: str, revision: str, pull_request: bool, body: bytes) -> Response:
        lines = [json.loads(line) for line in body.splitlines()]
        header = next(line["value"] for line in lines if line["key"] == "header")
        base = self._commit_of(repo, revision)
        if self.push_meanwhile:
            self.push_meanwhile = False
            base = repo.commit(revision, {**repo.commits[base], "notes.md": b"faster"}, "somebody else")
        if header.get("parentCommit", base) != base:
            raise Refusal(412, "A commit has happened since. Please refresh and try again.")
        files = dict(repo.commits[base])
        for line in lines:
            value = line["value"]
            match line["key"]:
                case "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    files[value["path"]] = self.large(value["oid"])
                    if len(files[value["path"]]) != value["size"]:
                        raise Refusal(400, f"The object {value['oid']} was not uploaded")
                case "deletedFile":
                    del files[value["path"]]
        number = sum(ref.startswith("refs/pr/") for ref in repo.refs) + 1
        target = f"refs/pr/{number}" if pull_request else revision
        sha = repo.commit(target, files, header["summary"])
        answer = {"success": True, "commitOid": sha, "commitUrl": f"{self.url}/{name}/commit/{sha}"}
        if pull_request:
            answer["pullRequestUrl"] = f"{self.url}/{name}/discussions/{number}"
        return JSONResponse(answer)

    def _resolve(self, request: Request, name: str, revision: str, path: str) -> Response:
        for end, fault in self.faults.items():  # of the Hub itself, such as 503
            if f"resolve {path}".endswith(end) and end.startswith("resolve"):
                return fault(b"", request)
        repo = self._repo(request, name)
        sha = self._commit_of(repo, revision)
        data = repo.commits[sha].get(path)
        if data is None:
            refusal = Refusal(404, f"{path} does not exist", "EntryNotFound")
            refusal.response.headers["X-Repo-Commit"] = sha
            raise refusal
        etag = f"{self.mirror}-{path}" if self.mirror else oid(path, data)
        headers = {"X-Repo-Commit": sha, "ETag": f'"{etag}"'}
        if path.endswith(LARGE):
            linked = {"X-Linked-ETag": f'"{etag}"', "X-Linked-Size": str(len(data))}
            return RedirectResponse(f"{self.storage}/storage/{oid(path, data)}", 302, {**headers, **linked})
        return self._serve(path, data, request, headers)

    def _serve(self, name: str, data: bytes, request: Request, headers: dict[str, str] | None = None) -> Response:
        paths = {oid(path, content): path for repo in self.repos.values() for path, content in repo.files().items()}
        for end, fault in self.faults.items():
            if request.method == "GET" and paths.get(name, name).endswith(end):
                return fault(data, request)
        start = int(request.headers.get("range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        whole = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
        return Response(data[start:], 206 if start else 200, {**(headers or {}), **whole})


def validate(card: str) -> Response:
    """As the Hub does: a card without metadata is a warning, one with wrong metadata an error."""
    front = card.split("---\n")[1] if card.startswith("---\n") else "{}"
    try:
        metadata, problems = yaml.safe_load(front), []
    except yaml.YAMLError as error:
        metadata, problems = {}, [str(error)]
    if not isinstance(metadata.get("license", ""), str):
        problems.append('"license" must be a string')
    if not isinstance(metadata.get("model-index", []), list):
        problems.append('"model-index" must be an array')
    warnings = [] if metadata else [{"message": "empty or missing yaml metadata in repo card"}]
    answer = {"errors": [{"message": each} for each in problems], "warnings": warnings}
    return JSONResponse(answer, 400 if problems else 200)


def preupload(path: str, there: dict[str, bytes]) -> dict:
    answer = {"path": path, "uploadMode": "lfs" if path.endswith(LARGE) else "regular", "shouldIgnore": False}
    return {**answer, "oid": oid(path, there[path])} if path in there else answer


def tree(files: dict[str, bytes], whole: bool) -> list[dict]:
    """What lies in it; of folders only their names, unless the whole is wanted."""
    folders = sorted({path.split("/")[0] for path in files if "/" in path})
    entries: list[dict] = [{"type": "directory", "path": each, "oid": git_oid(each.encode())} for each in folders]
    for path, data in files.items():
        if "/" in path and not whole:
            continue
        entry = {"type": "file", "path": path, "size": len(data), "oid": git_oid(data)}
        if path.endswith(LARGE):
            entry["lfs"] = {"oid": oid(path, data), "size": len(data), "pointerSize": 132}
        entries.append(entry)
    return entries


def shortened(data: bytes, _: Request) -> Response:
    """What a proxy does that keeps half a file and believes in it."""
    return Response(data[: len(data) // 2])


def cut_off(data: bytes, _: Request) -> Response:
    """A connection that breaks before the first byte, every time."""
    return StreamingResponse(iter(()), headers={"Content-Length": str(len(data))})


def changed(data: bytes, _: Request) -> Response:
    """The right length, and one wrong bit."""
    middle = len(data) // 2
    return Response(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])


def status(code: int) -> Callable[[bytes, Request], Response]:
    """An answer without any content."""
    return lambda *_: Response(status_code=code)


def no_hub(*_: object) -> Response:
    """The page of a hotel's network."""
    return Response("<html>Log in, please</html>", media_type="text/html")


def once(fault: Callable[[bytes, Request], Response]) -> Callable[[bytes, Request], Response]:
    """A fault that is over the second time."""
    asked = []

    def answer(data: bytes, request: Request) -> Response:
        asked.append(request)
        return fault(data, request) if len(asked) == 1 else Response(data)

    return answer
