"""A script at the very beginning of the page: Gradio adds its `head` only after it has chosen a language for itself."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_BEFORE = b"<head>"


class FirstScript:
    """A middleware that puts text into the head of the page, before everything that Gradio has there.

    Args:
        app: the application behind it.
        text: the text, HTML.
    """

    def __init__(self, app: ASGIApp, text: str) -> None:
        self._app, self._text = app, text.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; change the answer if it is the page."""
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def send_page(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body", False):
                return
            headers = MutableHeaders(scope=start)
            if "text/html" in headers.get("content-type", ""):
                body = body.replace(_BEFORE, _BEFORE + self._text, 1)
                headers["content-length"] = str(len(body))
            await send(start)
            await send({"type": "http.response.body", "body": body})

        # not compressed, since the text is put into it
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self._app(dict(scope) | {"headers": plain}, receive, send_page)
