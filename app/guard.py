"""The guard in front of all routes, Gradio's own included: who may ask, for what, from where, and how much at once.

Gradio brings some sixty routes. Only those that the page and gradio_client use are let through, so a route that a later
Gradio adds stays closed.
"""

import asyncio
import base64
import hmac
import re
from collections.abc import Sequence
from urllib.parse import unquote

from fastapi import Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Our own routes, and what the page is made of.
_OUR_ROUTES = r"/|/(health|web/.*|cards/.*|jobs/.*|products/.*|places/.*|uploads(/.*)?|static/.*|assets/.*|svelte/.*)"
_PAGE_FILES = r"/(config|theme\.css|favicon\.ico|robots\.txt|manifest\.json)"
# Gradio's interface for the page and for programs. Not: run and api, which skip the queue; proxy; recordings; streams.
_GRADIO_ROUTES = (
    r"/gradio_api/(info|config|app_id|heartbeat/.*|queue/(join|data)|call/.*|cancel|reset|upload|upload_progress"
    r"|startup-events|theme\.css|file=/.*)"
)
_MCP_ROUTES = r"/gradio_api/mcp(/.*)?"
_UPLOAD = "/gradio_api/upload"

# A request with GeoJSON; a list of uploads is smaller.
_MAX_BODY_BYTES = 2_000_000
# Longest time without a byte of a body that has begun. Otherwise half-open requests would stay until the server ends.
_IDLE_SECONDS = 60.0
# Several files of the largest size can come in one request.
_FILES_AT_ONCE = 2
# A part of a file, see `app.pages.resumed`.
_PART, MOST_PART_BYTES = "/uploads/", 16_000_000
# Pages of other sites, for example notebooks, show these: results, whose addresses cannot be guessed.
_SHARED_ROUTES = re.compile(r"/jobs/[^/]+/(files|tiles|pictures)/.*")
_SHARED_METHODS = "GET, HEAD, OPTIONS"
_PREFLIGHT_SECONDS = 3600
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Guard:
    """A middleware that answers a request itself if the server does not offer what it asks for.

    Args:
        app: the application behind it.
        auth: user and password, or None to admit everybody.
        policy: content security policy of the page.
        hosts: host names by which the server may be addressed; empty for any.
        max_upload: bytes of one file.
        mcp: whether tools of language models may connect.
        idle: longest time without a byte of a body that has begun, seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        auth: tuple[str, str] | None,
        policy: str,
        hosts: Sequence[str] = (),
        max_upload: int = _MAX_BODY_BYTES,
        mcp: bool = False,
        idle: float = _IDLE_SECONDS,
    ) -> None:
        self._app, self._hosts, self._max_upload, self._idle = app, set(hosts), max_upload, idle
        self._expected = f"Basic {base64.b64encode(':'.join(auth).encode()).decode()}" if auth else None
        self._routes = re.compile("|".join((_OUR_ROUTES, _PAGE_FILES, _GRADIO_ROUTES, *([_MCP_ROUTES] if mcp else []))))
        self._headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            # hides the address of a job, but tells map servers the site
            "Referrer-Policy": "strict-origin-when-cross-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request and pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if not _is_preflight(scope):
                    for name in [name for name in headers if name.lower().startswith("access-control-")]:
                        del headers[name]  # Gradio lets every site read what a visitor may read
                headers.update(self._headers)
                headers.update(self._sharing(scope))
            await send(message)

        answer = self._refuse(scope) or self._preflight(scope)
        if answer:
            await answer(scope, receive, send_guarded)
            return
        try:
            await self._app(scope, _bounded(receive, self._body_bytes(scope), self._idle), send_guarded)
        except ClientDisconnect:  # the visitor left, which is no error of the server
            return
        except RuntimeError as error:
            if not isinstance(error.__cause__, HTTPException):
                raise
            # Gradio refuses to stream the answers of an unknown session after it has begun to. The connection ends.

    def _refuse(self, scope: Scope) -> Response | None:
        headers, path = Headers(scope=scope), str(scope["path"])
        named = [headers.get("host", ""), *headers.getlist("x-forwarded-host")]
        if self._hosts and any(_host_name(each) not in self._hosts for each in named):
            return Response("This server does not answer to that name.", 400)
        given = headers.get("authorization", "")
        open_to_all = path == "/health" or _is_preflight(scope)  # browsers send no password before they may
        if self._expected and not open_to_all and not hmac.compare_digest(given.encode(), self._expected.encode()):
            challenge = {"WWW-Authenticate": 'Basic realm="rs_srgan", charset="UTF-8"'}
            return Response("User and password are required.", 401, challenge)
        if scope["method"] not in _SAFE_METHODS and headers.get("sec-fetch-site") == "cross-site":
            return Response("Requests from other sites are not accepted.", 403)
        if not self._routes.fullmatch(path) or "://" in unquote(path):
            return Response("There is nothing here.", 404)
        if int(headers.get("content-length") or 0) > self._body_bytes(scope):
            return Response("The request is too large.", 413)
        return None

    def _preflight(self, scope: Scope) -> Response | None:
        """Return the answer to a browser that asks whether a page of another site may read a result."""
        if not _is_preflight(scope):
            return None
        allowed = {
            "Allow": _SHARED_METHODS,
            "Access-Control-Allow-Methods": _SHARED_METHODS,
            "Access-Control-Allow-Headers": "Authorization, Range" if self._expected else "Range",
            "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
        }
        return Response(status_code=204, headers=allowed)

    def _sharing(self, scope: Scope) -> dict[str, str]:
        """Return the headers that let pages of other sites read a result; none for any other address.

        With a password, a page must send it itself in a header. Browsers then never add one that they remember.
        """
        if not _SHARED_ROUTES.fullmatch(str(scope["path"])):
            return {}
        origin = Headers(scope=scope).get("origin", "") if self._expected else "*"
        exposed = {"Access-Control-Expose-Headers": "Accept-Ranges, Content-Length, Content-Range"}
        shared = exposed | {"Access-Control-Allow-Origin": origin} if origin else {}
        return shared | ({"Vary": "Origin"} if self._expected else {})

    def _body_bytes(self, scope: Scope) -> int:
        """Return the largest body of a request to this address, bytes."""
        if str(scope["path"]).startswith(_PART):
            return MOST_PART_BYTES
        return _FILES_AT_ONCE * self._max_upload if scope["path"] == _UPLOAD else _MAX_BODY_BYTES


def allowed_hosts(host: str, public: Sequence[str]) -> tuple[str, ...]:
    """Return the names by which a server may be addressed that listens on `host`; none if any name will do.

    A server on the loopback address is asked by its own machine only. Another name for it means that a page of a
    foreign site has been made to point at it (DNS rebinding).
    """
    return (*_LOOPBACK, *public) if public or host in _LOOPBACK else ()


def _is_preflight(scope: Scope) -> bool:
    """Return whether a request asks which requests are allowed for a result, instead of asking for the result."""
    return scope["method"] == "OPTIONS" and _SHARED_ROUTES.fullmatch(str(scope["path"])) is not None


def _host_name(header: str) -> str:
    """Return the name in a Host header, without its port and without the brackets of an IPv6 address."""
    found = re.fullmatch(r"\[(.*)\](?::\d+)?|([^:]*)(?::\d+)?", header.strip())
    return (found[1] or found[2] or "").lower() if found else ""


def _bounded(receive: Receive, most: int, idle: float) -> Receive:
    """Wrap `receive` so that a body has at most `most` bytes, and never pauses for more than `idle` seconds."""
    seen, complete = 0, False

    async def receive_bounded() -> Message:
        nonlocal seen, complete
        if complete:  # what follows is the end of the connection, which may take as long as the answer
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), idle)
        except TimeoutError:
            raise HTTPException(408, f"Nothing came for {idle:g} seconds. Send the request again.") from None
        complete = not message.get("more_body", False)
        seen += len(message.get("body", b""))
        if seen > most:
            raise HTTPException(413, "The request is too large.")
        return message

    return receive_bounded
