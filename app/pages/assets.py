"""The files that the page consists of, and whether the server answers."""

from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse

from app.jobs.models import Models
from rs_srgan.publishing.card import PICTURES_FOLDER

WEB = Path(__file__).parent.parent / "web"
_A_DAY = {"Cache-Control": "max-age=86400"}


def _package(name: str) -> Path:
    """Return the folder of a package without importing it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(f"The package {name} is missing: pip install -e '.[app]'.")
    return Path(spec.submodule_search_locations[0])


# Our own files, and MapLibre GL JS (BSD licence) from the package maplibre.
_OWN = {path.name: path for path in WEB.iterdir() if path.is_file()}
# Translations of the page by their language codes. A file that is added here is offered.
LANGUAGES = {path.stem: path for path in sorted((WEB / "languages").glob("*.json"))}
_MAPLIBRE = {name: _package("maplibre") / "srcjs" / name for name in ("maplibre-gl.js", "maplibre-gl.css")}


def make_asset_routes(models: Models) -> APIRouter:
    """Return the routes for scripts, style sheets, and the pictures in the cards of bundled models."""
    router = APIRouter()

    @router.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/web/{name}")
    def web(name: str) -> FileResponse:
        if name in _OWN:
            return FileResponse(_OWN[name], headers={"Cache-Control": "no-cache"})
        if name in _MAPLIBRE:
            return FileResponse(_MAPLIBRE[name], headers=_A_DAY)
        raise HTTPException(404)

    @router.get("/web/languages/{name}.json")
    def language(name: str) -> FileResponse:
        if name not in LANGUAGES:
            raise HTTPException(404)
        return FileResponse(LANGUAGES[name], headers={"Cache-Control": "no-cache"})

    @router.get("/cards/{name}/pictures/{file}")
    def card_picture(name: str, file: str) -> FileResponse:
        folder = models.bundled[name].folder / PICTURES_FOLDER if name in models.bundled else None
        pictures = {path.name: path for path in folder.glob("*.png")} if folder else {}
        if file not in pictures:
            raise HTTPException(404)
        return FileResponse(pictures[file], headers=_A_DAY)

    return router
