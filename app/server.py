"""The server: our own routes and Gradio's page, behind one door."""

import base64
import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import gradio as gr
import uvicorn
from fastapi import FastAPI, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.jobs.models import Models
from app.jobs.queue import Jobs
from app.jobs.sample import submit_sample
from app.pages.page import build
from app.pages.theme import STYLE_SHEETS, THEME, head
from app.products.store import Products
from app.settings import Settings
from app.viewer.routes import make_routes

_OWN = "'self' data: blob:"
# Everything that a visitor's browser may load, but for the map tiles that are added to it.
_SOURCES = f"default-src {_OWN} 'unsafe-inline' 'unsafe-eval'"
# Once it is to end, for what visitors are in the middle of.
_FAREWELL_SECONDS = 3


def make_server(settings: Settings) -> FastAPI:
    """The whole application; it ends with everything that visitors left."""
    os.environ["GRADIO_TEMP_DIR"] = str(settings.folder / "uploads")  # which goes with the folder
    models = Models()
    jobs = Jobs(settings, models)
    products = Products(settings, jobs)
    sample = submit_sample(jobs)
    jobs.wait(sample)  # whoever comes first sees it at once

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        jobs.close()

    server = FastAPI(title="rs_srgan", lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)
    server.include_router(make_routes(jobs))
    server.include_router(products.routes())
    base = urlsplit(settings.base_map)
    map_tiles = f"; img-src {_OWN} {base.scheme}://{base.netloc}; connect-src {_OWN} {base.scheme}://{base.netloc}"
    policy = _SOURCES + (map_tiles if base.netloc else "")

    server.add_middleware(Guard, auth=settings.auth, policy=policy)
    gr.mount_gradio_app(
        server,
        build(settings, models, jobs, products, sample),
        path="/",
        theme=THEME,
        css_paths=STYLE_SHEETS,
        head=head(sample.id, settings.base_map),
        max_file_size=settings.max_upload,
        footer_links=["api"],
        run_history=False,
        show_error=False,
        mcp_server=settings.mcp,
        server_name=settings.host,
        server_port=settings.port,
    )
    return server


def serve(settings: Settings) -> None:
    """Listen until interrupted."""
    server = make_server(settings)
    uvicorn.run(
        server,
        host=settings.host,
        port=settings.port,
        access_log=False,
        timeout_graceful_shutdown=_FAREWELL_SECONDS,  # an open page holds a connection for as long as it is open
    )


class Guard:
    """Who may come in, and what a page may load: before everything else, Gradio's own addresses included.

    Args:
        app: what it stands before.
        auth: user and password, or None for everybody.
        policy: the page's content security policy.
    """

    def __init__(self, app: ASGIApp, auth: tuple[str, str] | None, policy: str) -> None:
        self._app = app
        self._expected = f"Basic {base64.b64encode(':'.join(auth).encode()).decode()}" if auth else None
        self._headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            # the address of a job is its key; map servers want to know the site that asks
            "Referrer-Policy": "strict-origin-when-cross-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let pass (RFC 7617)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("Authorization", "")
        if (
            self._expected
            and scope["path"] != "/health"
            and not hmac.compare_digest(given.encode(), self._expected.encode())
        ):
            answer = Response("Who are you?", 401, {"WWW-Authenticate": 'Basic realm="rs_srgan", charset="UTF-8"'})
            await answer(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, send_guarded)
