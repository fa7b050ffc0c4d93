"""Cut-outs: the part of a scene that a run needs, read from the catalogue's storage into a small product on disk."""

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import rasterio
from filelock import FileLock

from rs_srgan.catalogues.cache import cache_folder, shrink, use
from rs_srgan.catalogues.catalogue import Image
from rs_srgan.catalogues.cover import CLASSES
from rs_srgan.catalogues.frame import Frame, find_frame
from rs_srgan.catalogues.mosaic import Mosaic
from rs_srgan.catalogues.offset import Decision, claims_of, darkest_bands, decide, disputed, judge, report
from rs_srgan.catalogues.product_xml import image_name, product_xml
from rs_srgan.catalogues.remote import RemoteImage, open_remote
from rs_srgan.catalogues.scene import Scene
from rs_srgan.durable import force_content
from rs_srgan.errors import InputError
from rs_srgan.locks import has_locks
from rs_srgan.pixels.radiometry import QUANTIFICATION
from rs_srgan.pixels.radiometry import Image as Pixels
from rs_srgan.pixels.windows import Window, spread_windows
from rs_srgan.reading.safe_metadata import native_gsd_m

logger = logging.getLogger(__name__)

# Images that are read at the same time: more would only wait for the same network.
_AT_ONCE = 8
_BLOCK_PX = 256
# Where a place shows nothing dark, the tile is looked at in squares of that side, pixels of 20 m, at most that many
# along each axis.
_SAMPLE_PX, _SAMPLES = 256, 3
# Pixels of 20 m at most that are compared, along each axis.
_COMPARED_PX = 2048
TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Wanted:
    """What a run needs of a scene.

    Attributes:
        bands: names of the bands, each group with the pixel size of its coarsest band.
        margin_m: metres around the place.
    """

    bands: tuple[tuple[str, ...], ...]
    margin_m: int

    def images(self) -> list[Image]:
        """Return bands and pixel sizes, each once."""
        found = [(band, max(map(native_gsd_m, group))) for group in self.bands for band in group]
        return list(dict.fromkeys(found))


def cut_out(scenes: Sequence[Scene], wanted: Wanted, timeout_s: float = TIMEOUT_S) -> list[Path]:
    """Read what a run needs of scenes, and return the folders of small products with it.

    What the cache holds already is not read again, so a stopped run goes on where it stopped.

    Args:
        scenes: the scenes, of any catalogue.
        wanted: bands and margin.
        timeout_s: seconds without an answer after which a request is repeated.

    Raises:
        InputError: a scene lacks a band, or shows nothing of the place.
        ReadError: the storage does not answer or refuses access; what was read stays in the cache.
    """
    folder = cache_folder()
    cuts = [_Cut(scene, wanted, folder, timeout_s) for scene in scenes]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for cut in cuts:
            cut.require_bands()
        paths = list(pool.map(_Cut.make, cuts)) if len(cuts) > 1 else [cuts[0].make()]
    shrink(folder, [cut.entry for cut in cuts])
    return paths


class _Cut:
    """One scene on its way into the cache."""

    def __init__(self, scene: Scene, wanted: Wanted, folder: Path, timeout_s: float) -> None:
        self._scene, self._wanted, self._timeout_s = scene, wanted, timeout_s
        key = [scene.catalogue.url, scene.collection.name, [part.item for part in scene.parts], wanted.margin_m]
        place = scene.place.outline.wkb_hex
        digest = hashlib.sha256(json.dumps([key, place]).encode()).hexdigest()[:16]
        self.entry = folder / digest
        self._product = self.entry / "".join(c if c.isalnum() or c in "-_." else "_" for c in scene.name)[:100]

    def require_bands(self) -> None:
        """Check that the scene has the bands.

        Raises:
            InputError: it lacks one.
        """
        for part in self._scene.parts:
            missing = [band for band, gsd_m in self._wanted.images() if (band, gsd_m) not in part.images]
            if missing:
                raise InputError(
                    f"{part.item} has no image of {', '.join(missing)}, which the model needs. Choose another scene "
                    "or another catalogue."
                )

    def make(self) -> Path:
        """Read what is missing, and return the folder of the product."""
        use(self.entry)
        with _lock(self.entry):
            self._product.mkdir(exist_ok=True)
            wanted = self._wanted.images()
            if all(CLASSES in part.images for part in self._scene.parts):
                wanted.append(CLASSES)
            missing = [image for image in wanted if not self._path(image).is_file()]
            if missing:
                self._read(missing)
            self._describe(wanted)
        return self._product

    def _path(self, image: Image) -> Path:
        return self._product / f"{image_name(image)}.tif"

    def _read(self, images: Sequence[Image]) -> None:
        names = ", ".join(dict.fromkeys(band for band, _ in images))
        logger.info("%s: reading %s from %s.", self._scene.name, names, self._scene.catalogue.title)
        with ThreadPoolExecutor(len(images)) as pool:
            reads = [pool.submit(self._read_image, image) for image in images]
        for read in reads:  # after all of them have ended, so that those that can be read are kept
            read.result()

    def _read_image(self, image: Image) -> None:
        with ExitStack() as files:
            mosaic = self._mosaic(image, files)
            fresh = self._path(image).with_suffix(".new")  # the lock is held: nobody else writes it
            try:
                self._copy(mosaic, fresh)
                # the same content has the same time, so that --resume knows it again when it was read again
                os.utime(fresh, (self._scene.taken.timestamp(),) * 2)
                force_content(fresh)  # after a power cut the name must not stand for an empty file
                fresh.replace(self._path(image))
            finally:
                fresh.unlink(missing_ok=True)

    def _mosaic(self, image: Image, files: ExitStack) -> Mosaic:
        tiles = self._open(image, files)
        return Mosaic(tiles, self._frame(tiles).grid(image[1]))

    def _open(self, image: Image, files: ExitStack) -> list[RemoteImage]:
        scene = self._scene
        addresses = [part.images[image].address for part in scene.parts]
        return [files.enter_context(open_remote(scene.catalogue, each, self._timeout_s)) for each in addresses]

    def _frame(self, tiles: Sequence[RemoteImage]) -> Frame:
        return find_frame(self._scene.place, [tile.grid for tile in tiles], self._wanted.margin_m, self._scene.name)

    @staticmethod
    def _copy(mosaic: Mosaic, path: Path) -> None:
        grid, strips = mosaic.grid, mosaic.strips()
        first = next(strips)
        pixels = mosaic.read(first)
        profile = {"driver": "GTiff", "count": 1, "height": grid.height, "width": grid.width, "crs": grid.crs}
        profile |= {"transform": grid.transform, "dtype": pixels.dtype, "tiled": True, "nodata": 0}
        profile |= {"blockxsize": _BLOCK_PX, "blockysize": _BLOCK_PX, "compress": "deflate", "zlevel": 1}
        with rasterio.Env(GDAL_PAM_ENABLED="NO"), rasterio.open(path, "w", BIGTIFF="IF_SAFER", **profile) as out:
            out.write(pixels[0], 1, window=_rasterio_window(first))
            for strip in strips:
                out.write(mosaic.read(strip)[0], 1, window=_rasterio_window(strip))

    def _describe(self, images: Sequence[Image]) -> None:
        """Decide about the offset, once, and write the metadata."""
        scene, note = self._scene, self._product / "offset.json"
        decision = None
        try:
            decision = Decision(**json.loads(note.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):  # not decided yet
            decision = self._decide()
            note.write_text(json.dumps(vars(decision)), encoding="utf-8")
        report(decision, scene.name)
        part = scene.parts[0]
        scales = [asset.scale for image, asset in part.images.items() if asset.scale and image != CLASSES]
        quantification = round(1 / scales[0], 6) if scales else QUANTIFICATION
        level = scene.collection.level
        text = product_xml(level, images, scene.taken, part.tile, part.baseline, decision.dn, quantification)
        metadata = self._product / f"MTD_MSI{level}.xml"
        if not metadata.is_file() or metadata.read_text(encoding="utf-8") != text:
            fresh = metadata.with_suffix(".new")
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(metadata)

    def _decide(self) -> Decision:
        scene = self._scene
        taken = scene.taken.date()
        claims = claims_of(scene.parts[0], scene.collection, taken)
        seen = self._judge_place()
        if seen is None and disputed(claims):
            seen = self._judge_tile()
        return decide(claims, seen, taken)

    def _judge_place(self) -> bool | None:
        """Return what the pixels that were read say about the offset; see `judge`."""
        images = self._wanted.images()
        dark = darkest_bands([band for band, _ in images])
        bands = [self._compared(image) for image in images if image[0] in dark]
        return judge(np.stack(bands), self._compared(CLASSES) if self._path(CLASSES).is_file() else None)

    def _compared(self, image: Image) -> Pixels:
        """Return pixels 20 m apart of what was read, at most _COMPARED_PX along each axis."""
        factor = max(1, 20 // image[1])
        with rasterio.open(self._path(image)) as stored:
            rows, cols = min(stored.height, _COMPARED_PX * factor), min(stored.width, _COMPARED_PX * factor)
            pixels: Pixels = stored.read(1, window=_rasterio_window(Window(0, 0, rows, cols)))[::factor, ::factor]
        return pixels

    def _judge_tile(self) -> bool | None:
        """Return what other places of the tile say about the offset; see `judge`."""
        part = self._scene.parts[0]
        band = next((each for each in (("B04", 10), ("B08", 10)) if each in part.images), None)
        if band is None or CLASSES not in part.images:
            return None
        logger.info("%s: the area shows nothing dark; looking at other places of the tile.", self._scene.name)
        with ExitStack() as files:
            (image, *_), (classes, *_) = self._open(band, files), self._open(CLASSES, files)
            for coarse in spread_windows(classes.grid.height, classes.grid.width, _SAMPLE_PX, _SAMPLES):
                fine = image.read(coarse.scaled(2).clipped(image.grid.height, image.grid.width))
                seen = judge(fine[:, ::2, ::2], classes.read(coarse)[0])
                if seen is not None:
                    return seen
        return None


def _lock(entry: Path) -> AbstractContextManager[object]:
    """Return a lock on an entry of the cache for a `with` block; nothing on a file system without locks."""
    if has_locks(entry):
        return FileLock(entry / ".lock")
    _warn_of_no_locks(entry.parent)
    return nullcontext()


@cache
def _warn_of_no_locks(folder: Path) -> None:
    logger.warning(
        "The cache %s is on a file system without file locks: run one command at a time, or name another folder: "
        "RS_SRGAN_CACHE.",
        folder,
    )


def _rasterio_window(window: Window) -> rasterio.windows.Window:
    return rasterio.windows.Window(window.col, window.row, window.width, window.height)
