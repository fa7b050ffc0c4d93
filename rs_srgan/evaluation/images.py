"""The images of an evaluation: the files with their sites, and their pixels window by window."""

import dataclasses
import logging
import random
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from rs_srgan.errors import InputError
from rs_srgan.evaluation.metrics.masks import known
from rs_srgan.evaluation.metrics.sensor import simulate
from rs_srgan.evaluation.protocol import BORDER_HR_PX, inner
from rs_srgan.figures.metrics import Protocol
from rs_srgan.models import SISRConfig
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.dates import before_date
from rs_srgan.reading.formats import SUFFIXES
from rs_srgan.reading.opening import open_raster
from rs_srgan.reading.paths import existing
from rs_srgan.reading.raster import Raster
from rs_srgan.reading.safe_files import holds_product
from rs_srgan.reading.stated import Stated
from rs_srgan.sensors import find_sensor
from rs_srgan.sensors.mtf import wald_mtf

logger = logging.getLogger(__name__)

# Side, HR (or SR) pixels. Larger images are cut into equal windows of at most this side; WINDOWS_PER_IMAGE of them are
# evaluated.
WINDOW_PX = 1280
WINDOWS_PER_IMAGE = 4
# Least side, HR (or SR) pixels, of the part of an image inside its border. Figures of smaller images mean little.
LEAST_INNER_PX = 32
# Least share of the pixels that hold data. Figures of other images are mainly about their holes.
LEAST_VALID = 0.5

# The name of an image with a word for a mask before or after it.
_MASK_WORDS = r"(?:(?:cloud|data|valid|nodata)[_-]?)?(?:mask|msk|clouds?|scl|udm2?|fmask|qa)"
_MASK = re.compile(rf"(?P<before>.+)[_.-]{_MASK_WORDS}|{_MASK_WORDS}[_.-](?P<after>.+)", re.IGNORECASE)
# The archive of a product; others are known by their content, which a damaged one does not show.
_ZIPPED = re.compile(r"S2[A-D]_MSIL.*\.zip", re.IGNORECASE)
# The tile in the name of a Sentinel-2 product.
_TILE = re.compile(r"_(T\d\d[A-Z]{3})_")


@dataclass(frozen=True)
class Source:
    """An image on disk.

    Attributes:
        name: name of the image; no other image of the evaluation has it.
        site: name of the place that the image shows.
        path: path of HR, or of the image itself without a reference.
        lr: path of LR; None unless LR is a file.
    """

    name: str
    site: str
    path: Path
    lr: Path | None = None


@dataclass(frozen=True)
class Case:
    """An image, or a window of one, in memory: reflectance, NaN where there is no data.

    Attributes:
        name: name of the image, followed by its window if it has several.
        site: name of the place that the image shows.
        lr: the input of the model, (C, h, w).
        hr: the reference, (C, h * scale, w * scale); None without a reference.
        guide: guide bands, (G, h * scale, w * scale); None for models without a guide.
        mtf_nyquist: MTF of the blur between HR and LR, one value per band, in (0, 1).
        valid: share of the counted pixels that hold data in all bands, 0 to 1.
    """

    name: str
    site: str
    lr: FloatImage
    hr: FloatImage | None
    guide: FloatImage | None
    mtf_nyquist: tuple[float, ...]
    valid: float


@dataclass(frozen=True)
class Skipped:
    """An image that was left out.

    Attributes:
        name: name of the image.
        reason: the reason, for people.
    """

    name: str
    reason: str


def find_sources(
    inputs: Sequence[str | Path], reference: bool = True, site_pattern: str | None = None
) -> tuple[Protocol, list[Source]]:
    """Find the images in files and folders, sorted by name.

    Folders are searched with their sub-folders for rasters and Sentinel-2 products. A folder that holds the folders
    `hr` and `lr` has pairs of files of the same name. The site of an image is its sub-folder, else the tile of a
    product, else the part of its name before a year or a date.

    Args:
        inputs: files and folders.
        reference: whether there is an HR: `hr` of a pair, or the images themselves, from which LR is simulated.
        site_pattern: regular expression that finds the site in the name instead: its groups, or the whole match.

    Returns:
        the protocol, and the images.

    Raises:
        InputError: there is no image, pairs and other images are mixed, an HR has no LR, or the pattern is not a
            regular expression or finds nothing.
    """
    try:
        pattern = re.compile(site_pattern) if site_pattern else None
    except re.error as error:
        raise InputError(f"The site pattern {site_pattern!r} is not a regular expression ({error}).") from None
    sources: dict[Path, Source] = {}
    kinds: set[Protocol] = set()
    for each in inputs:
        root = existing(each)
        root = root.parent if root.match("MTD_MSIL*.xml") else root
        folder = root.is_dir() and not holds_product(root)
        paired = folder and (root / "hr").is_dir() and (root / "lr").is_dir()
        if paired and not reference:
            raise InputError(f"{root} holds pairs. Give {root / 'lr'} to evaluate without a reference.")
        kinds.add("pairs" if paired else "simulated" if reference else "real")
        top = root / "hr" if paired else root if folder else root.parent
        for path in _without_masks(list(_rasters(top))) if folder else [root]:
            inside = path.relative_to(top)
            lr = _partner(root, inside) if paired else None
            sources[path] = Source(inside.as_posix(), _site(inside, pattern), path, lr)
    if len(kinds) > 1:
        raise InputError(
            "Pairs (hr and lr in one folder) and other images cannot be evaluated together. Evaluate them one by one."
        )
    if not sources:
        names = ", ".join(str(each) for each in inputs)
        raise InputError(f"Nothing to evaluate in {names}; expected {', '.join(SUFFIXES)} or Sentinel-2 products.")
    named: dict[str, list[Source]] = {}
    for source in sources.values():
        named.setdefault(source.name, []).append(source)
    unique = (
        source if len(same) == 1 else Source(str(source.path), source.site, source.path, source.lr)
        for same in named.values()
        for source in same
    )
    return kinds.pop(), sorted(unique, key=lambda source: source.name)


def _rasters(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from [path] if holds_product(path) else _rasters(path)
        elif path.suffix.lower() in SUFFIXES or _ZIPPED.fullmatch(path.name) or holds_product(path):
            yield path


def _without_masks(paths: list[Path]) -> list[Path]:
    """Return the images without the masks beside them: a_mask.tif, a_SCL.tif or cloud_mask_a.tif beside a.tif."""
    stems = {(path.parent, path.stem) for path in paths}
    masks = []
    for path in paths:
        found = _MASK.fullmatch(path.stem)
        if found and (path.parent, found["before"] or found["after"]) in stems:
            masks.append(path)
    if masks:
        logger.info("Left out as masks: %s.", ", ".join(path.name for path in masks))
    return [path for path in paths if path not in masks]


def _partner(root: Path, inside: Path) -> Path:
    candidates = (root / "lr" / inside.with_suffix(suffix) for suffix in (inside.suffix, *SUFFIXES))
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        raise InputError(f"{root / 'lr'} has no file for {inside}; expected one of the same name.")
    return found


def _site(inside: Path, pattern: re.Pattern[str] | None) -> str:
    name = inside.as_posix()
    if pattern:
        found = pattern.search(name)
        if not found:
            raise InputError(f"The site pattern {pattern.pattern!r} finds nothing in {name}.")
        return "_".join(group for group in found.groups() if group) or found[0]
    if len(inside.parts) > 1:
        return inside.parent.as_posix()
    tile = _TILE.search(inside.name)
    return tile[1] if tile else before_date(inside.stem)


@dataclass(frozen=True)
class OpenImage:
    """An image whose windows can be read.

    Attributes:
        height: height, LR pixels.
        width: width, LR pixels.
        mtf_nyquist: MTF of the blur between HR and LR, one value per band, in (0, 1).
        read: function that reads LR, HR and guide in a window of LR pixels: reflectance, NaN where there is no data;
            None for HR without a reference, and for the guide of models without one.
    """

    height: int
    width: int
    mtf_nyquist: tuple[float, ...]
    read: Callable[[Window], tuple[FloatImage, FloatImage | None, FloatImage | None]]


@contextmanager
def open_image(
    source: Source, protocol: Protocol, config: SISRConfig, stated: Stated = Stated()
) -> Iterator[OpenImage]:
    """Open an image for a model.

    Args:
        source: the image.
        protocol: how LR and HR are made.
        config: configuration of the model.
        stated: what the user states about the image. It holds for both images of a pair, but for the offset, which is
            that of LR.

    Raises:
        InputError: the file is not a raster with the model's bands, or the sizes do not fit the scale.
    """
    bands, sensor = config.bands, find_sensor(config.sensor)
    with ExitStack() as files:

        def opened(path: Path, names: tuple[str, ...], stated: Stated = stated) -> Raster:
            return files.enter_context(open_raster(path, names, stated, sensor))

        if protocol == "pairs" and source.lr:
            if config.guide_bands:
                raise InputError(f"The model needs {', '.join(config.guide_bands)} as well, which pairs do not have.")
            hr = opened(source.path, bands, dataclasses.replace(stated, offset=None))
            yield _pair(source, opened(source.lr, bands), hr, config)
            return
        raster = opened(source.path, bands)
        guide = opened(source.path, config.guide_bands) if config.guide_bands else None
        yield (_simulated if protocol == "simulated" else _real)(source, raster, guide, config)


def _pair(source: Source, lr: Raster, hr: Raster, config: SISRConfig) -> OpenImage:
    height, width, scale = lr.grid.height, lr.grid.width, config.scale
    if (hr.grid.height, hr.grid.width) != (height * scale, width * scale):
        raise InputError(
            f"The pair {source.name} does not fit: LR has {width} x {height} pixels, HR {hr.grid.width} x "
            f"{hr.grid.height}; the model is x{scale}, so expected {width * scale} x {height * scale}."
        )
    return OpenImage(
        height, width, _missing_blur(config), lambda part: (_read(lr, part), _read(hr, part.scaled(scale)), None)
    )


def _simulated(source: Source, hr: Raster, guide: Raster | None, config: SISRConfig) -> OpenImage:
    """Open an image from which LR is simulated; so is the guide, if the file has it `scale` times finer than HR."""
    scale = config.scale
    mtf = _missing_blur(config)
    step = _guide_step(source, hr, guide, (1, scale), config)
    guide_mtf = find_sensor(config.sensor).mtf_nyquist(config.guide_bands)

    def read(part: Window) -> tuple[FloatImage, FloatImage | None, FloatImage | None]:
        sharp, fine = _read(hr, part.scaled(scale)), None
        if guide is not None:
            fine = _read(guide, part.scaled(scale * step))
            if step > 1:
                fine = simulate(fine, step, wald_mtf(guide_mtf, step))
        return simulate(sharp, scale, mtf), sharp, fine

    return OpenImage(hr.grid.height // scale, hr.grid.width // scale, mtf, read)


def _real(source: Source, lr: Raster, guide: Raster | None, config: SISRConfig) -> OpenImage:
    step = _guide_step(source, lr, guide, (config.scale,), config)

    def read(part: Window) -> tuple[FloatImage, FloatImage | None, FloatImage | None]:
        return _read(lr, part), None, None if guide is None else _read(guide, part.scaled(step))

    return OpenImage(lr.grid.height, lr.grid.width, _missing_blur(config), read)


def _missing_blur(config: SISRConfig) -> tuple[float, ...]:
    """Compute the MTF of the blur between LR and HR, one value per band.

    HR is as sharp as the sensor would see the ground with HR's pixels: models make such images.
    """
    return wald_mtf(config.mtf_nyquist, config.scale)


def _guide_step(source: Source, raster: Raster, guide: Raster | None, steps: Sequence[int], config: SISRConfig) -> int:
    """Compute how many pixels of the guide lie along one pixel of the raster; the result is one of `steps`."""
    if guide is None:
        return steps[0]
    for step in steps:
        if (guide.grid.height, guide.grid.width) == (raster.grid.height * step, raster.grid.width * step):
            return step
    raise InputError(
        f"{source.name} has {', '.join(config.guide_bands)} with {guide.grid.width} x {guide.grid.height} pixels "
        f"beside {', '.join(config.bands)} with {raster.grid.width} x {raster.grid.height}; expected "
        f"{' or '.join(map(str, steps))} times as many along each axis. Give a Sentinel-2 product."
    )


def _read(raster: Raster, window: Window) -> FloatImage:
    image, valid = raster.read(window)
    image[~valid] = np.nan
    return image


def choose_windows(image: OpenImage, name: str, scale: int, seed: int) -> list[Window] | Skipped:
    """Choose the windows of an image to evaluate: the whole of it, or random windows of a large image.

    Every window is read once, so that a truncated file is found before anything is computed.

    Args:
        image: the image.
        name: its name.
        scale: scale of the model: 2, 4 or 8.
        seed: seed of the random choice.

    Returns:
        at most WINDOWS_PER_IMAGE windows, LR pixels, in which enough pixels hold data; or the reason to leave the image
        out.

    Raises:
        InputError: the file is truncated or corrupt.
    """
    fine = min(image.height, image.width) * scale
    least = 2 * BORDER_HR_PX + LEAST_INNER_PX
    if fine < least:
        size = f"{image.width * scale} x {image.height * scale}"
        return Skipped(name, f"{size} pixels at the fine pixel size; expected at least {least} along each side")
    grid = _equal_windows(image.height, image.width, WINDOW_PX // scale)
    random.Random(f"{seed} {name}").shuffle(grid)
    chosen: list[Window] = []
    best = 0.0
    for window in grid:
        lr, hr, _ = image.read(window)
        share = valid_share(lr, hr, scale)
        best = max(best, share)
        if share >= LEAST_VALID:
            chosen.append(window)
        if len(chosen) == WINDOWS_PER_IMAGE:
            break
    if not chosen:
        return Skipped(name, f"{best:.0%} of its pixels hold data; expected at least {LEAST_VALID:.0%}")
    return sorted(chosen, key=lambda window: (window.row, window.col))


def read_case(image: OpenImage, source: Source, window: Window, scale: int) -> Case:
    """Read one window of an image.

    Args:
        image: the open image.
        source: the same image on disk.
        window: the window, LR pixels.
        scale: scale of the model: 2, 4 or 8.
    """
    lr, hr, guide = image.read(window)
    whole = (window.height, window.width) == (image.height, image.width)
    name = source.name if whole else f"{source.name} [{window.row}, {window.col}]"
    return Case(name, source.site, lr, hr, guide, image.mtf_nyquist, valid_share(lr, hr, scale))


def valid_share(lr: FloatImage, hr: FloatImage | None, scale: int) -> float:
    """Compute the share, 0 to 1, of the counted pixels that hold data in all bands of LR and of HR.

    Args:
        lr: LR, reflectance, (C, h, w); NaN where there is no data.
        hr: HR, reflectance, (C, h * scale, w * scale); None without a reference.
        scale: scale of the model: 2, 4 or 8.
    """
    fine = lr.repeat(scale, axis=1).repeat(scale, axis=2)
    return float(known(inner(fine if hr is None else fine + hr)).mean())


def _equal_windows(height: int, width: int, side: int) -> list[Window]:
    rows, cols = (np.linspace(0, length, -(-length // side) + 1).astype(int).tolist() for length in (height, width))
    return [
        Window(top, left, bottom - top, right - left)
        for top, bottom in pairwise(rows)
        for left, right in pairwise(cols)
    ]
