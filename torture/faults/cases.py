"""Cases: what is predicted while something goes wrong, and the pixels that it must have in the end."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import rasterio
import torch
from affine import Affine
from rasterio.errors import RasterioError

from rs_srgan import MISR, SISR, MISRConfig, SISRConfig
from rs_srgan.sensors.sentinel2 import RGBN
from tests.rs_srgan.catalogues.products import EARTH_SEARCH_NAMES, add_item, box_of, land
from tests.rs_srgan.catalogues.server import StacLookalike
from torture.deadline import NEVER, Deadline
from torture.faults.processes import Ended, Preparation, Running, run_to_end
from torture.faults.surroundings import set_variable

_OPTIONS = ("--engine", "torch", "--precision", "fp32", "--tile", "16", "--threads", "1")
_RESULT, _UNCERTAINTY = "out.tif", "uncertainty.tif"
# Only one thread makes an undisturbed result.
_MAKING = threading.RLock()
_CORNER = Affine(10, 0, 600_000, 0, -10, 5_100_000)

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint16]]


@dataclass(frozen=True)
class Case:
    """A request of predict.

    Attributes:
        name: name, for people.
        given: arguments that say what is predicted.
        uncertain: whether there is a second file, with the uncertainty.
        catalogue: whether the images come from a catalogue, so that every attempt needs a cache of its own.
        whole: folder of the undisturbed result.
    """

    name: str
    given: tuple[str, ...]
    whole: Path
    uncertain: bool = False
    catalogue: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the files of the result."""
        return (_RESULT, _UNCERTAINTY) if self.uncertain else (_RESULT,)

    def arguments(self, folder: Path, *more: str) -> list[str]:
        """Return the arguments that write the result into a folder."""
        second = ["--uncertainty", str(folder / _UNCERTAINTY)] if self.uncertain else []
        return ["predict", *self.given, "-o", str(folder / _RESULT), *second, *more]

    def start(self, folder: Path, *more: str, preparations: Sequence[Preparation] = ()) -> Running:
        """Start to predict into a folder; what the process says goes into a file beside the folder."""
        return Running(self.arguments(folder, *more), words_of(folder), self._with_cache(folder, preparations))

    def run(self, folder: Path, *more: str, preparations: Sequence[Preparation] = ()) -> Ended:
        """Predict into a folder to the end."""
        arguments = self.arguments(folder, *more)
        return run_to_end(arguments, words_of(folder), self._with_cache(folder, preparations))

    def _with_cache(self, folder: Path, preparations: Sequence[Preparation]) -> list[Preparation]:
        cache = [partial(set_variable, "RS_SRGAN_CACHE", str(folder.with_suffix(".cache")))] if self.catalogue else []
        return [*cache, *preparations]

    @cached_property
    def expected(self) -> dict[str, Pixels]:
        """The pixels of each file after a run that nothing disturbed.

        Raises:
            RuntimeError: the request itself is wrong.
        """
        with _MAKING:
            if not self.whole.exists():
                self.whole.mkdir(parents=True)
                if (ended := self.run(self.whole)).code != 0:
                    raise RuntimeError(f"{self.name} cannot be predicted at all: {ended.words}")
        return {name: read(self.whole / name) for name in self.names}

    @cached_property
    def seconds(self) -> float:
        """The time of an undisturbed run, seconds, measured once."""
        assert self.expected  # before, so that nothing has to be prepared any more
        folder = self.whole.with_name(f"{self.whole.name}_again")
        with _MAKING:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            return self.run(folder).seconds

    def fault_of(self, folder: Path) -> str:
        """Return what is wrong with the files of the result in a folder; nothing if each is absent or whole."""
        for name in self.names:
            path = folder / name
            if path.exists() and (fault := self._fault_of_file(path)):
                return f"{name} {fault}"
        return ""

    def _fault_of_file(self, path: Path) -> str:
        try:
            pixels = read(path)
        except RasterioError as error:
            return f"cannot be read ({error})"
        expected = self.expected[path.name]
        if pixels.shape != expected.shape:
            return f"has shape {pixels.shape}"
        different = int((pixels != expected).sum())
        return f"has {different} other pixels" if different else ""

    def fault_at_end(self, folder: Path) -> str:
        """Return what is wrong with a folder after a run that ended well: missing files, other pixels, leftovers."""
        missing = [name for name in self.names if not (folder / name).is_file()]
        left = sorted(path.name for path in folder.iterdir() if path.name not in self.names)
        if missing or left:
            return f"{', '.join(missing) or 'nothing'} is missing, {', '.join(left) or 'nothing'} is left"
        return self.fault_of(folder)

    def fault_after_resuming(self, folder: Path) -> str:
        """Resume in a folder, and return what is wrong then."""
        return self.fault_of_resumed(self.run(folder, "--resume"), folder)

    def fault_of_resumed(self, ended: Ended, folder: Path) -> str:
        """Return what is wrong with a run that resumed, and its folder; it may refuse a result that is complete."""
        complete = ended.code == 2 and "exists" in ended.words
        if ended.code != 0 and not complete:
            return f"--resume ended with {ended.code}: {ended.words.strip()[-200:]}"
        return self.fault_at_end(folder)


@dataclass(frozen=True)
class Cases:
    """All requests.

    Attributes:
        folder: an empty folder for the attempts.
        image: one image.
        revisits: three images of one place.
        uncertain: one image, and the uncertainty of its result.
        cog: one image into a Cloud Optimized GeoTIFF.
        catalogue: a place and a date of a catalogue, which a server of this process answers for.
        until: after it no attempt begins.
    """

    folder: Path
    image: Case
    revisits: Case
    uncertain: Case
    cog: Case
    catalogue: Case
    until: Deadline = NEVER

    def all(self) -> tuple[Case, ...]:
        """Return each case."""
        return self.image, self.revisits, self.uncertain, self.cog, self.catalogue

    def attempt(self, name: str) -> Path:
        """Return a new empty folder."""
        folder = self.folder / name.replace(" ", "_").replace(",", "")
        folder.mkdir(parents=True)
        return folder


@contextmanager
def make_cases(folder: Path, quick: bool) -> Iterator[Cases]:
    """Make the images and the undisturbed results, and serve the catalogue while the `with` block runs.

    Args:
        folder: an empty folder.
        quick: take smaller images.
    """
    side = 32 if quick else 96
    one, several = make_models(folder)
    views = [write_image(folder / f"view_{seed}.tif", side, seed) for seed in range(3)]
    stac = StacLookalike(folder / "images")
    try:
        item = add_item(stac.images, stac.url, land(300, 300))
        stac.items.append(item)
        assets = ",".join(f"{band}={EARTH_SEARCH_NAMES[band]}" for band in (*RGBN, "SCL"))
        place = ["--collection", "sentinel-2-c1-l2a", "--assets", assets, "--dates", "2024-07"]
        box = map(str, box_of(item, 100, 100, side, side))
        given = {
            "image": ([str(views[0]), *one, *_OPTIONS], "one image"),
            "revisits": ([*map(str, views), *several, *_OPTIONS], "revisits"),
            "uncertain": ([str(views[0]), *one, *_OPTIONS], "uncertainty"),
            "cog": ([str(views[0]), *one, *_OPTIONS, "--cog"], "COG"),
            "catalogue": ([f"stac:{stac.url}", *place, "--bbox", *box, *one, *_OPTIONS], "catalogue"),
        }
        whole = folder / "whole"
        made = {
            key: Case(name, tuple(arguments), whole / key, key == "uncertain", key == "catalogue")
            for key, (arguments, name) in given.items()
        }
        (folder / "attempts").mkdir()
        image, revisits, uncertain, cog, catalogue = made.values()
        yield Cases(folder / "attempts", image, revisits, uncertain, cog, catalogue)
    finally:
        stac.stop()


def make_models(folder: Path) -> tuple[list[str], list[str]]:
    """Save small models of one image and of several, and return the options that name them.

    Small models spend little time between two changes of the files, so that more faults meet such a change.
    """
    torch.manual_seed(0)
    models = {
        "one": SISR(SISRConfig(channels=16, blocks=1, uncertainty=True)),
        "several": MISR(MISRConfig(channels=16, blocks=1, fusion_channels=16, fusion_blocks=1)),
    }
    for name, model in models.items():
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(2)  # a new model adds little to bicubic
        model.save_pretrained(folder / name)
    one, several = (["--model", str(folder / name)] for name in models)
    return one, several


def write_image(path: Path, side: int, seed: int) -> Path:
    """Write an image of made-up land with four bands."""
    bands = land(side, side, seed)
    pixels = np.stack([bands[name] for name in RGBN])
    profile = {"driver": "GTiff", "height": side, "width": side, "count": 4, "dtype": "uint16", "nodata": 0}
    with rasterio.open(path, "w", crs="EPSG:32632", transform=_CORNER, **profile) as image:
        image.write(pixels)
        image.descriptions = RGBN
    return path


def read(path: Path) -> Pixels:
    """Return all pixels of a file."""
    with rasterio.open(path) as image:
        pixels: Pixels = image.read()
    return pixels


def words_of(folder: Path) -> Path:
    """Return the file for what processes say that write into a folder."""
    return folder.with_name(f"{folder.name}.txt")
