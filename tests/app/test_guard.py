"""The guard in front of the server: what it lets through, and what it answers itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext

import pytest
from anyio.from_thread import start_blocking_portal
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from starlette.requests import ClientDisconnect

from app.guard import Guard, allowed_hosts

POLICY = "default-src 'self'"


def guarded(auth=None, **options) -> TestClient:
    inner = FastAPI()
    inner.get("/health")(lambda: {"status": "ok"})

    @inner.api_route("/{path:path}", methods=["GET", "POST", "DELETE"])
    async def anything(request: Request) -> dict[str, int]:
        return {"bytes": len(await request.body())}

    return TestClient(Guard(inner, auth, POLICY, **options))


def test_visitors_without_the_password_are_refused():
    client = guarded(("me", "pass:wörd"))
    assert client.get("/jobs/x").status_code == 401
    assert client.get("/jobs/x", headers={"Authorization": "Basic xx"}).status_code == 401
    assert client.get("/jobs/x", auth=("me", "wrong")).status_code == 401
    assert client.get("/health").status_code == 200
    token = "bWU6cGFzczp3w7ZyZA=="  # base64 of me:pass:wörd in UTF-8
    assert client.get("/jobs/x", headers={"Authorization": f"Basic {token}"}).status_code == 200


@pytest.mark.parametrize("path", ["/jobs/x", "/nothing", "/gradio_api/proxy=http://a/b"])
def test_all_answers_have_security_headers(path):
    headers = guarded().get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/run/super_resolve",
        "/gradio_api/api/predict",
        "/gradio_api/proxy=http://127.0.0.1/",
        "/gradio_api/file=http://127.0.0.1/",
        "/gradio_api/file=%68ttp://127.0.0.1/",
        "/gradio_api/process_recording",
        "/gradio_api/component_server",
        "/gradio_api/stream/x",
        "/gradio_api/deep_link",
        "/gradio_api/mcp/",
        "/gradio_api/brand_new",
        "/monitoring",
        "/login",
        "/docs",
    ],
)
def test_routes_that_the_page_does_not_use_are_closed(path):
    client = guarded()
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/", "/jobs/abc/tiles/x.webp", "/gradio_api/queue/join", "/gradio_api/file=/tmp/a.tif"]
)
def test_routes_that_the_page_uses_are_open(path):
    assert guarded().get(path).status_code == 200


def test_tools_of_language_models_connect_only_if_allowed():
    assert guarded(mcp=True).get("/gradio_api/mcp/").status_code == 200


@pytest.mark.parametrize("name", ["host", "x-forwarded-host"])
def test_other_host_names_are_refused(name):
    client = guarded(hosts=allowed_hosts("127.0.0.1", ["sr.example.org"]))
    good = {"host": "127.0.0.1:7860"}
    assert client.get("/", headers=good | {name: "evil.example"}).status_code == 400
    for host in ("localhost:7860", "[::1]:7860", "SR.example.org", "sr.example.org:443"):
        assert client.get("/", headers=good | {name: host}).status_code == 200


def test_a_public_server_answers_to_any_name_unless_told():
    assert allowed_hosts("0.0.0.0", ()) == ()
    assert "sr.example.org" in allowed_hosts("0.0.0.0", ["sr.example.org"])


def test_requests_that_another_site_sends_change_nothing():
    client = guarded()
    assert client.post("/gradio_api/queue/join", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/gradio_api/queue/join", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert client.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_other_sites_may_not_read_answers():
    inner = FastAPI()

    @inner.get("/config")
    def config():
        from fastapi import Response

        return Response("x", headers={"Access-Control-Allow-Origin": "https://evil.example"})

    assert "access-control-allow-origin" not in TestClient(Guard(inner, None, POLICY)).get("/config").headers


@pytest.mark.parametrize("stated", [True, False])
def test_large_bodies_are_refused(stated):
    body = b"x" * 2_000_001
    content = body if stated else (part for part in (body, b"y"))
    assert guarded().post("/gradio_api/queue/join", content=content).status_code == 413
    assert guarded(max_upload=4_000_000).post("/gradio_api/upload", content=body).status_code == 200


def test_a_body_that_stops_in_the_middle_ends():
    """The client of Starlette's tests cannot pause, so the guard is called as the server calls it."""

    async def never_comes(request: Request) -> None:
        await request.body()

    inner, sent = FastAPI(), []
    inner.post("/web/x")(never_comes)
    parts = [{"type": "http.request", "body": b"x", "more_body": True}]

    async def receive():
        return parts.pop() if parts else await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/web/x", "headers": [], "query_string": b""}
    with start_blocking_portal() as portal:  # in another thread: a browser's driver may have the loop of this one
        portal.call(Guard(inner, None, POLICY, idle=0.01), scope, receive, send)
    assert sent[0]["status"] == 408


ELSEWHERE = {"Origin": "https://notebook.example"}
SHARED = ["/jobs/abc/files/sr0.tif", "/jobs/abc/tiles/earth/sr/1/2/3.webp", "/jobs/abc/pictures/sr.webp"]
OWN = ["/", "/jobs/abc", "/jobs/abc/pixel", "/products/abc/quicklook.webp", "/gradio_api/info"]


@pytest.mark.parametrize("path", SHARED)
def test_pages_of_other_sites_may_read_results(path):
    client = guarded()
    assert client.get(path, headers=ELSEWHERE).headers["access-control-allow-origin"] == "*"
    asked = client.options(path, headers=ELSEWHERE | {"Access-Control-Request-Method": "GET"})
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "HEAD" in asked.headers["access-control-allow-methods"]
    assert "Range" in asked.headers["access-control-allow-headers"]


@pytest.mark.parametrize("path", SHARED)
def test_pages_of_other_sites_need_the_password_in_a_header(path):
    client = guarded(("me", "word"))
    asked = client.options(path, headers=ELSEWHERE)
    assert asked.status_code == 204
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    refused, answer = client.get(path, headers=ELSEWHERE), client.get(path, headers=ELSEWHERE, auth=("me", "word"))
    assert (refused.status_code, answer.status_code) == (401, 200)
    for each in (asked, refused, answer):
        assert each.headers["access-control-allow-origin"] == ELSEWHERE["Origin"]
        assert "access-control-allow-credentials" not in each.headers  # of a password that the browser remembers
        assert "Origin" in each.headers["vary"]
    assert "access-control-allow-origin" not in client.get(path, auth=("me", "word")).headers


@pytest.mark.parametrize("auth", [None, ("me", "word")])
@pytest.mark.parametrize("path", OWN)
def test_pages_of_other_sites_read_nothing_else(path, auth):
    client = guarded(auth)
    assert "access-control-allow-origin" not in client.get(path, headers=ELSEWHERE, auth=auth).headers
    assert client.options(path, headers=ELSEWHERE).headers.get("access-control-allow-origin") is None


@pytest.mark.parametrize(
    ("path", "logged"),
    [("/web/left", False), ("/gradio_api/queue/data", False), ("/web/broken", True)],
)
def test_what_visitors_do_is_no_error_of_the_server(path, logged):
    """A visitor who leaves, a stream that Gradio refuses after its beginning, and a real error."""
    inner = FastAPI()

    @inner.get("/web/left")
    async def left() -> None:
        raise ClientDisconnect

    @inner.get("/gradio_api/queue/data")
    async def stream() -> StreamingResponse:
        async def texts() -> AsyncIterator[str]:
            yield "data: unknown\n\n"
            raise HTTPException(404)

        return StreamingResponse(texts())

    @inner.get("/web/broken")
    async def broken() -> None:
        raise RuntimeError("a fault of ours")

    client = TestClient(Guard(inner, None, POLICY))
    with pytest.raises(RuntimeError, match="fault") if logged else nullcontext():
        client.get(path)
