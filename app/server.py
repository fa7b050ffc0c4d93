"""The server: our own routes and Gradio's page, behind one guard."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import urlsplit

import gradio as gr
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from rasterio.errors import RasterioIOError
from starlette.routing import Mount

from app.errors import Gone, for_people
from app.guard import Guard, allowed_hosts
from app.jobs.models import Models
from app.jobs.queue import GONE, Jobs
from app.jobs.sample import submit_sample
from app.jobs.uploads import clear_uploads
from app.leftovers import claim, clear_leftovers
from app.pages.assets import make_asset_routes
from app.pages.first_script import FirstScript
from app.pages.page import build
from app.pages.resumed import make_upload_routes
from app.pages.sessions import forget_sessions
from app.pages.theme import STYLE_SHEETS, THEME, first_script, head
from app.places.places import Places
from app.places.routes import make_place_routes
from app.products.routes import make_product_routes
from app.products.store import Products
from app.protocol import Protocol
from app.root_path import RootPath
from app.settings import FOLDER_PREFIX, Settings
from app.viewer.routes import make_job_routes
from rs_srgan import InputError
from rs_srgan.inference.memory import return_memory, save_memory

_OWN = "'self' data: blob:"
# What a visitor's browser may load. The server of map tiles is added to it.
_SOURCES = (
    f"default-src {_OWN} 'unsafe-inline' 'unsafe-eval'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self' https://huggingface.co https://*.hf.space"  # which show a Space in a frame
)
# Time for open requests when the server ends.
_SHUTDOWN_SECONDS = 3


def make_server(settings: Settings) -> FastAPI:
    """Return the whole application. When it ends, it removes all files of visitors."""
    uploads = settings.folder / "uploads"  # is removed with the folder
    os.environ["GRADIO_TEMP_DIR"] = str(uploads)
    models = Models()
    jobs = Jobs(settings, models)
    jobs.also_clear.append(partial(clear_uploads, uploads))
    jobs.also_clear.append(lambda _: return_memory())
    products = Products(settings, jobs)
    places = Places(jobs)
    sample = submit_sample(jobs)
    jobs.wait(sample)  # the first visitor must not wait for it

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            jobs.close()
            places.close()

    server = FastAPI(title="rs_srgan", lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)
    answer_errors(server)
    for router in (
        make_asset_routes(models),
        make_job_routes(jobs),
        make_product_routes(products),
        make_place_routes(places),
        make_upload_routes(jobs),
    ):
        server.include_router(router)
    base = urlsplit(settings.base_map)
    map_tiles = f"; img-src {_OWN} {base.scheme}://{base.netloc}; connect-src {_OWN} {base.scheme}://{base.netloc}"
    policy = _SOURCES + (map_tiles if base.netloc else "")

    server.add_middleware(FirstScript, text=first_script())
    server.add_middleware(
        Guard,
        auth=settings.auth,
        policy=policy,
        hosts=allowed_hosts(settings.host, settings.public_hosts),
        max_upload=settings.max_upload,
        mcp=settings.mcp,
    )
    server.add_middleware(RootPath, root_path=settings.root_path)  # the last one sees a request first
    page = build(settings, models, jobs, products, places, sample)
    gr.mount_gradio_app(
        server,
        page,
        path="/",
        root_path=settings.root_path or None,
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
    jobs.also_clear.append(partial(forget_sessions, page))
    for route in server.routes:
        if isinstance(route, Mount) and isinstance(route.app, FastAPI):
            answer_unknown_functions(route.app)
    return server


def serve(settings: Settings) -> None:
    """Serve until interrupted."""
    save_memory()  # the processes that it starts inherit the limit of GDAL's cache
    clear_leftovers(settings.folder.parent, f"{FOLDER_PREFIX}*")
    lock = claim(settings.folder)
    try:
        server = make_server(settings)
        uvicorn.run(
            server,
            host=settings.host,
            port=settings.port,
            http=Protocol,
            access_log=False,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,  # open pages hold their connections
        )
    finally:  # also if another part of the application fails while it ends
        shutil.rmtree(settings.folder, ignore_errors=True)
        lock.close()


def answer_unknown_functions(page: FastAPI) -> None:
    """Let Gradio's part of a server refuse the number of a function that the page does not have."""

    @page.exception_handler(KeyError)
    def miss(http: Request, error: KeyError) -> JSONResponse:
        if not http.url.path.endswith("/queue/join"):
            raise error
        return JSONResponse({"detail": "The page has no such function. Load it again."}, 404)


def answer_errors(server: FastAPI) -> None:
    """Let a server answer errors of its routes with an HTTP status that follows from their class."""

    def answer(status: int, text: str) -> JSONResponse:
        return JSONResponse({"detail": text}, status)

    @server.exception_handler(InputError)
    def refuse(_: Request, error: InputError) -> JSONResponse:
        return answer(422, for_people(error))

    @server.exception_handler(Gone)
    def miss(_: Request, error: Gone) -> JSONResponse:
        return answer(404, for_people(error))

    @server.exception_handler(FileNotFoundError)  # the job was removed during the request
    def lose(_: Request, _error: FileNotFoundError) -> JSONResponse:
        return answer(404, GONE)

    @server.exception_handler(RasterioIOError)  # the same, when GDAL opens the file
    def lose_image(_: Request, error: RasterioIOError) -> JSONResponse:
        if "No such file or directory" not in str(error):
            raise error
        return answer(404, GONE)
