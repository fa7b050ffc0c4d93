"""Sentinel-2 products that visitors bring, or choose below the server's folder: what is in them, at a glance."""

import logging
import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from threading import Lock, Thread

import numpy as np
from fastapi import APIRouter, HTTPException, Response
from rasterio.crs import CRS
from rasterio.warp import transform, transform_bounds

from app.errors import for_people
from app.jobs.queue import Jobs
from app.jobs.survey import Box
from app.jobs.uploads import link
from app.products.archive import unpack
from app.products.quicklook import Glance, glance_at, list_contents
from app.settings import Settings
from rs_srgan import InputError
from rs_srgan.reading.region import PROJECTION_ERRORS
from rs_srgan.reading.safe import SafeProduct

logger = logging.getLogger(__name__)

_DEGREES = CRS.from_string("OGC:CRS84")
# Of a folder with products: how far down they are looked for, and how many are offered.
_DEPTH, _MOST = 4, 500

GONE = "This product has been cleared away. Upload or choose it again."


@dataclass
class Product:
    """One product, ready to be looked at.

    Attributes:
        id: random; whoever knows it may see it.
        title: of the product, for people.
        safe: what its metadata say.
        folder: where it was unpacked; None for one below the server's folder.
        quicklook: a picture of all of it, a WebP.
        bounds: of that in its own CRS: left, bottom, right, top.
        crs: of those.
        seen: when it came, or was last asked for, by time.monotonic().
    """

    id: str
    title: str
    safe: SafeProduct
    folder: Path | None
    quicklook: bytes
    bounds: tuple[float, float, float, float]
    crs: CRS
    seen: float = field(default_factory=time.monotonic)
    unpacking: Thread | None = None
    failure: InputError | None = None

    def source(self) -> Path:
        """Its path, once all of it is there.

        Raises:
            InputError: the rest of it could not be unpacked.
        """
        if self.unpacking:
            self.unpacking.join()
        if self.failure:
            raise self.failure
        return self.safe.path

    def area(self, left: float, top: float, right: float, bottom: float) -> Box:
        """Longitudes and latitudes of a rectangle on the quicklook, given as shares of its width and height."""
        west, south, east, north = self.bounds
        x0, x1 = (west + share * (east - west) for share in (left, right))
        y0, y1 = (north + share * (south - north) for share in (top, bottom))
        box = transform_bounds(self.crs, _DEGREES, min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        return tuple(round(value, 5) for value in box)  # 5 digits are a metre

    def outline(self, box: Box) -> Box | None:
        """Where a box of longitudes and latitudes lies on the quicklook: left, top, right, bottom, as shares of it."""
        try:
            west, south, east, north = transform_bounds(_DEGREES, self.crs, *box)
        except PROJECTION_ERRORS:
            return None
        left, bottom, right, top = self.bounds
        width, height = right - left, top - bottom
        shares = ((west - left) / width, (top - north) / height, (east - left) / width, (top - south) / height)
        if not np.isfinite(shares).all():
            return None
        x0, y0, x1, y1 = np.clip(shares, 0, 1).tolist()
        return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

    def centre(self, side_m: float) -> Box:
        """A square in the middle of it."""
        west, south, east, north = self.bounds
        share = min(0.5, side_m / (east - west) / 2), min(0.5, side_m / (north - south) / 2)
        return self.area(0.5 - share[0], 0.5 - share[1], 0.5 + share[0], 0.5 + share[1])

    def corners(self) -> list[tuple[float, float]]:
        """Its footprint, longitudes and latitudes."""
        west, south, east, north = self.bounds
        lons, lats = transform(self.crs, _DEGREES, [west, east, east, west], [north, north, south, south])
        return list(zip(lons, lats, strict=True))


class Products:
    """All products that a server knows, by id.

    Args:
        settings: of the server.
        jobs: which may still need one.
    """

    def __init__(self, settings: Settings, jobs: Jobs) -> None:
        self._settings, self._jobs = settings, jobs
        self._products: dict[str, Product] = {}
        self._lock = Lock()
        jobs.also_clear.append(self.clear)

    def receive(self, upload: Path) -> Product:
        """Take in a zipped product that a visitor has uploaded; what it needs beside the quicklook is unpacked later.

        Raises:
            InputError: no archive, one that is not to be trusted, or no product in it.
        """
        if upload.suffix.lower() != ".zip":
            raise InputError(f"{upload.name} is no zip archive; expected a Sentinel-2 product as it is downloaded.")
        readers = self._jobs.readers
        contents = readers.ask(upload.name, list_contents, upload)
        name, folder = self._jobs.new_folder()
        try:
            archive = folder / upload.name
            link(upload, archive)  # the upload itself may be cleared away at any time
            unpack(archive, folder, {contents.metadata} | contents.quick)
            unpacked = folder / PurePosixPath(contents.metadata).parent
            product = _product(name, upload.name, readers.ask(upload.name, glance_at, unpacked), folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

        def rest() -> None:
            try:
                unpack(archive, folder, contents.images)
                archive.unlink()
            except InputError as error:
                product.failure = error
            except OSError:
                logger.exception("%s could not be unpacked.", archive)
                product.failure = InputError(f"{archive.name} could not be unpacked. Try again later.")

        product.unpacking = Thread(target=rest, daemon=True)
        product.unpacking.start()
        return self._keep(product)

    def offered(self) -> list[str]:
        """Names of the products below the server's folder, as paths in it."""
        root = self._settings.data_root
        if root is None:
            return []
        found: list[str] = []
        for path, folders, files in os.walk(root):
            here = Path(path)
            products = [name for name in (*folders, *files) if name.upper().endswith((".SAFE", ".SAFE.ZIP"))]
            found += [str((here / name).relative_to(root)) for name in products]
            inside = len(here.relative_to(root).parts)
            folders[:] = [name for name in folders if name not in products and inside < _DEPTH]
            if len(found) >= _MOST:
                break
        return sorted(found)[:_MOST]

    def choose(self, name: str) -> Product:
        """One of those.

        Raises:
            InputError: a name that is not offered, or a product that cannot be read.
        """
        root = self._settings.data_root
        if root is None or name not in self.offered() or not (root / name).resolve().is_relative_to(root.resolve()):
            raise InputError(f"{name!r:.120} is none of the products that this server offers.")
        if name.lower().endswith(".zip"):
            return self.receive(root / name)
        seen = self._jobs.readers.ask(Path(name).name, glance_at, root / name)
        return self._keep(_product(self._jobs.new_name(), Path(name).name, seen, None))

    def get(self, name: str | None) -> Product:
        """A product by its id.

        Raises:
            InputError: there is none, or none any more.
        """
        with self._lock:
            product = self._products.get(name or "")
            if product is None:
                raise InputError(GONE if name else "There is no product yet: upload one, or choose one.")
            product.seen = time.monotonic()
            return product

    def clear(self, keep: float) -> None:
        """Remove what nobody has asked for in `keep` seconds, unless a job needs it."""
        with self._lock:
            oldest = time.monotonic() - keep
            for product in list(self._products.values()):
                unpacking = product.unpacking is not None and product.unpacking.is_alive()
                needed = unpacking or (product.folder is not None and self._jobs.uses(product.folder))
                if product.seen < oldest and not needed:
                    del self._products[product.id]
                    if product.folder:
                        shutil.rmtree(product.folder, ignore_errors=True)

    def routes(self) -> APIRouter:
        """What the page asks about products."""
        router = APIRouter()

        def find(name: str) -> Product:
            try:
                return self.get(name)
            except InputError as error:
                raise HTTPException(404, for_people(error)) from None

        @router.get("/products/{name}/quicklook.webp")
        def quicklook(name: str) -> Response:
            return Response(find(name).quicklook, media_type="image/webp", headers={"Cache-Control": "private"})

        @router.get("/products/{name}/area")
        def area(name: str, left: float, top: float, right: float, bottom: float) -> dict[str, Box]:
            if not np.isfinite((left, top, right, bottom)).all():
                raise HTTPException(422, "The area has to have four numbers.")
            return {"bbox": find(name).area(left, top, right, bottom)}

        @router.get("/products/{name}/outline")
        def outline(name: str, west: float, south: float, east: float, north: float) -> dict[str, Box]:
            shares = find(name).outline((west, south, east, north))
            if shares is None:
                raise HTTPException(422, "The area lies outside the product.")
            return {"shares": shares}

        return router

    def _keep(self, product: Product) -> Product:
        with self._lock:
            self._products[product.id] = product
        return product


def _product(name: str, title: str, seen: Glance, folder: Path | None) -> Product:
    return Product(name, title, seen.safe, folder, seen.quicklook, seen.bounds, seen.crs)
