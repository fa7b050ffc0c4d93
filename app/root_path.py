"""The path below which a reverse proxy offers the server."""

from starlette.types import ASGIApp, Receive, Scope, Send


class RootPath:
    """A middleware that takes the root path off the addresses of requests.

    Some proxies take it off themselves, others pass it on. The server answers to both.

    Args:
        app: the application behind it.
        root_path: for example "/sr", or "" for none.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app, self._root_path = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with the address that it has without a proxy."""
        root, path = self._root_path, str(scope.get("path", ""))
        if root and scope["type"] == "http" and (path == root or path.startswith(f"{root}/")):
            short = path.removeprefix(root) or "/"
            scope = dict(scope) | {"path": short, "raw_path": short.encode()}
        await self._app(scope, receive, send)
