"""Sentinel-2 products that visitors bring, or choose below the server's folder: what is in them, at a glance."""

import logging
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Thread

import numpy as np
import rasterio
from fastapi import APIRouter, HTTPException, Response
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.warp import transform, transform_bounds

from app.archive import checked_members, unpack
from app.colours import webp
from app.jobs import Jobs
from app.request import Box
from app.settings import Settings
from app.uploads import link
from app.words import for_people
from rs_srgan import InputError
from rs_srgan.io.region import PROJECTION_ERRORS
from rs_srgan.io.safe import SafeProduct, is_product, open_product
from rs_srgan.radiometry import Stretch

logger = logging.getLogger(__name__)

QUICKLOOK_PX = 900
_RGB = ("B04", "B03", "B02")
# A band of 10 m has 10980 pixels along each side, in blocks of 1024. Larger ones would keep the server decoding.
_LARGEST_PX, _LARGEST_BLOCK_PX = 10_980, 2048
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
        checked_members(upload)
        packed = open_product(upload)
        name, folder = self._jobs.new_folder()
        try:
            archive = folder / upload.name
            link(upload, archive)  # the upload itself may be cleared away at any time
            quick = set(_quick_images(packed))
            first = {(packed.members or {})[image] for image in quick if image in (packed.members or {})}
            unpack(archive, folder, lambda member: member in first or member.lower().endswith(".xml"))
            safe = open_product(_metadata(folder).parent)
            product = _product(name, upload.name, safe, folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

        def rest() -> None:
            try:
                unpack(archive, folder, lambda member: True)
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
        return self._keep(_product(self._jobs.new_name(), Path(name).name, open_product(root / name), None))

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


def _metadata(folder: Path) -> Path:
    """Of the product that was unpacked there, however its name is written."""
    return next(path for path in folder.rglob("*") if path.suffix.lower() == ".xml" and is_product(path))


def _quick_images(safe: SafeProduct) -> list[str]:
    """The images of the coarsest true colour that a product lists."""
    listed = [gsd_m for gsd_m in (60, 20, 10) if all((band, gsd_m) in safe.images for band in _RGB)]
    if not listed:
        raise InputError(f"{safe.path.name} lists no image of {', '.join(_RGB)}, which a look at it needs.")
    return [safe.images[band, listed[0]] for band in _RGB]


def _product(name: str, title: str, safe: SafeProduct, folder: Path | None) -> Product:
    picture, bounds, crs = _quicklook(safe, _quick_images(safe))
    return Product(name, title, safe, folder, picture, bounds, crs)


def _quicklook(safe: SafeProduct, images: Sequence[str]) -> tuple[bytes, tuple[float, float, float, float], CRS]:
    layers = []
    for image in images:
        if not Path(image).is_file():
            raise InputError(f"{safe.path.name} is incomplete: {Path(image).name} is missing. Download it again.")
        try:
            with rasterio.open(image, driver="JP2OpenJPEG") as dataset:
                if max(dataset.shape) > _LARGEST_PX or max(dataset.block_shapes[0]) > _LARGEST_BLOCK_PX:
                    blocks = " x ".join(map(str, dataset.block_shapes[0]))
                    raise InputError(
                        f"{Path(image).name} in {safe.path.name} has {dataset.width} x {dataset.height} pixels in "
                        f"blocks of {blocks}; no band of Sentinel-2 is as large."
                    )
                shrink = max(1.0, max(dataset.shape) / QUICKLOOK_PX)
                shape = tuple(max(1, round(side / shrink)) for side in dataset.shape)
                layers.append(dataset.read(1, out_shape=shape, resampling=Resampling.average))
                bounds, crs = tuple(dataset.bounds), dataset.crs
        except rasterio.RasterioIOError:
            raise InputError(f"{Path(image).name} in {safe.path.name} is damaged. Download it again.") from None
    reflectance, valid = safe.encoding(_RGB).decode(np.stack(layers))
    reflectance[~valid] = np.nan
    shown = Stretch.of(reflectance, percent=1, gamma=1.3).apply(reflectance)
    return webp(np.dstack([shown, np.where(valid.all(0), 255, 0).astype(np.uint8)])), bounds, crs
