"""Super-resolve a GeoTIFF with an exported model, using onnxruntime, numpy and rasterio: no PyTorch, no rs_srgan.

    rs-srgan export sisr-x4-rgbn -o sisr.onnx
    python examples/onnx_inference.py sisr.onnx scene.tif scene_x4.tif [--offset -1000] [--guide guide.tif]

    rs-srgan export misr-x4-rgbn -o misr.onnx --views 4
    python examples/onnx_inference.py misr.onnx june.tif june_x4.tif --views may.tif july.tif [--masks - clear.tif]

The scene is a GeoTIFF or JPEG 2000 file with the model's bands, in the model's order or described by their names.
A model for Sentinel-2's 20 m bands also needs a guide: a second file with the guide bands, on the grid of the result.

A model of several revisits takes further images of the place on the scene's grid, up to the number of views that it was
exported with. A mask has one band on that grid; pixels that are not zero count. The example finds one shift for each
view; rs-srgan finds shifts that change over the image, takes other grids, and leaves out pixels that changed.

The example works tile by tile. It reads each tile with a halo as wide as the model's receptive field, so tiles leave no
seams. It fills nodata pixels with the mean of the tile and writes them as nodata. Their neighbours are a little less
accurate than with rs-srgan, which fills from the nearest valid pixel.
"""

import argparse
import json
import re
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import onnxruntime
import rasterio
from rasterio.enums import MaskFlags
from rasterio.windows import Window

TILE = 256  # LR pixels
REGISTERED = 1024  # LR pixels along each axis from whose middle the shift of a view is found
SMOOTHING = 0.7  # pixels: removes aliasing and noise, which differ between revisits
LARGEST_SHIFT = 8  # LR pixels
# Values that mean no data where all bands hold them and the file declares no value.
FILLS = (0, -9999, -10000, -32768)
# Metadata that rs-srgan understands and this example does not: scalings and offsets, and values without data.
SCALING_ITEMS, OFFSET_ITEMS = {"SCALE_FACTOR", "ADD_OFFSET"}, {"BOA_ADD_OFFSET", "RADIO_ADD_OFFSET"}
NODATA_ITEMS, MASKS = {"_FILLVALUE", "MISSING_VALUE"}, {"DATAMASK", "VALIDMASK"}

# Some formats, and files beside an image, name other files and addresses, which GDAL would open.
WITHOUT_SIDECARS = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}


def open_image(path: str) -> rasterio.DatasetReader:
    """Open a file as JPEG 2000 if its name ends with .jp2, else as GeoTIFF."""
    return rasterio.open(path, driver="JP2OpenJPEG" if path.lower().endswith(".jp2") else "GTiff")


def finer(transform: rasterio.Affine, scale: int) -> rasterio.Affine:
    """Return the transform of a grid with `scale` times the pixels along each axis.

    affine 3 warns of the operator `*` of transforms, and affine 2 has no other.
    """
    a, b, c, d, e, f = transform[:6]
    return rasterio.Affine(a / scale, b / scale, c, d / scale, e / scale, f)


def find_bands(scene: rasterio.DatasetReader, bands: list[str]) -> list[int]:
    """Return the indexes of the named bands in the file, from 1.

    rs-srgan understands the names of many archives; this example knows only the model's own, with or without the zero:
    B04 or B4. It refuses a file that says anything else, by descriptions or by colours.
    """
    described = [re.sub(r"^B0(?=\d$)", "B", name or "") for name in scene.descriptions]
    wanted = [re.sub(r"^B0(?=\d$)", "B", band) for band in bands]
    if all(described.count(band) == 1 for band in wanted):
        return [described.index(band) + 1 for band in wanted]
    if any(described):
        raise SystemExit(
            f"{scene.name} describes its bands as {', '.join(name or 'nothing' for name in scene.descriptions)}; "
            f"expected {', '.join(bands)}. Describe them by these names, or use rs-srgan."
        )
    colours = {"B4": "red", "B3": "green", "B2": "blue"}
    shown = [kind.name for kind in scene.colorinterp]
    expected = [colours.get(band, "other") for band in wanted]
    told = {"red", "green", "blue"} <= set(shown)
    differs = told and any(kind in colours.values() and kind != own for kind, own in zip(shown, expected, strict=False))
    if scene.count != len(bands) or differs:
        raise SystemExit(
            f"{scene.name} has {scene.count} bands ({', '.join(shown)}) without descriptions; expected {len(bands)}: "
            f"{', '.join(bands)}. Write a file with these bands, or describe its bands by these names."
        )
    print(f"{scene.name} does not name its bands: the order {', '.join(bands)} is assumed.")
    return list(range(1, scene.count + 1))


def find_scaling(
    scene: rasterio.DatasetReader, bands: list[int], offset: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return gain and bias of each band, (bands, 1, 1): reflectance = value * gain + bias.

    Tags come first. Without them integers are DN / 10000, and floats are reflectance.
    """
    refuse_metadata(scene, bands, offset)
    kinds = {scene.dtypes[band - 1] for band in bands}
    if len(kinds) > 1 or not kinds <= {"uint16", "int16", "float32", "float64"}:
        raise SystemExit(f"{scene.name} holds {', '.join(sorted(kinds))}; expected uint16 or int16 DN, or floats.")
    floats = kinds <= {"float32", "float64"}
    gain = np.array([scene.scales[band - 1] for band in bands])
    bias = np.array([scene.offsets[band - 1] for band in bands])
    if (gain == 1).all() and (bias == 0).all() and not floats:
        gain = gain / 10000
    if offset is not None and floats and (gain == 1).all():
        raise SystemExit(f"{scene.name} holds floats, which are reflectance: an offset is for DN. Leave it out.")
    if offset is not None:
        bias = gain * offset
    side = [min(length, 256) for length in (scene.width, scene.height)]
    middle = Window((scene.width - side[0]) // 2, (scene.height - side[1]) // 2, *side)
    stored = scene.read(bands, window=middle, masked=True)
    held = stored[:, ~find_fills(scene, stored.data)].astype(np.float64) * gain[:, None] + bias[:, None]
    median = float(np.ma.median(np.ma.masked_invalid(held))) if held.count() else 0.1
    if not 0.0005 < median < 1.5:
        raise SystemExit(
            f"{scene.name} has a median reflectance of {median:g}; expected 0.001 to 1. Correct its scale tags."
        )
    return gain[:, None, None], bias[:, None, None]


def read(
    scene: rasterio.DatasetReader, bands: list[int], window: Window, scaling: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Read the reflectance of a window, (bands, h, w), with NaN for nodata.

    A window may extend beyond the image. The outermost pixels of the image are repeated there.
    """
    stored = read_stored(scene, bands, window)
    gain, bias = scaling
    image = (stored.astype(np.float64).filled(np.nan) * gain + bias).astype(np.float32)
    image[:, find_fills(scene, stored.data)] = np.nan
    return image


def find_fills(scene: rasterio.DatasetReader, stored: np.ndarray) -> np.ndarray:
    """Return where all bands of (bands, h, w) hold a fill value, as rs-srgan reads a file that declares no nodata."""
    declares = scene.nodata is not None or any(MaskFlags.per_dataset in flags for flags in scene.mask_flag_enums)
    return np.any([(stored == fill).all(0) & (not declares) for fill in FILLS], axis=0)


def refuse_metadata(scene: rasterio.DatasetReader, bands: list[int], offset: float | None) -> None:
    """End the program if the file says something about its values that only rs-srgan understands."""
    items = {key.upper() for tags in (scene.tags(), *map(scene.tags, bands)) for key in tags}
    scaled = any(scene.scales[band - 1] != 1 or scene.offsets[band - 1] != 0 for band in bands)
    unread = set() if scaled else items & (SCALING_ITEMS | (OFFSET_ITEMS if offset is None else set()))
    unread |= items & NODATA_ITEMS if scene.nodata is None else set()
    for index, (name, kind) in enumerate(zip(scene.descriptions, scene.colorinterp, strict=True), 1):
        if index not in bands and (kind.name == "alpha" or re.sub(r"[\W_]", "", name or "").upper() in MASKS):
            unread.add(name or kind.name)
    if unread:
        raise SystemExit(
            f"{scene.name} has {', '.join(sorted(unread))}; expected a file that needs only scale, offset "
            "and nodata tags. For this file use rs-srgan."
        )


def read_stored(scene: rasterio.DatasetReader, bands: list[int], window: Window) -> np.ma.MaskedArray:
    """Read the stored values of a window, (bands, h, w), with the outermost pixels repeated beyond the image."""
    rows = np.arange(window.row_off, window.row_off + window.height).clip(0, scene.height - 1)
    cols = np.arange(window.col_off, window.col_off + window.width).clip(0, scene.width - 1)
    part = Window(cols[0], rows[0], cols[-1] - cols[0] + 1, rows[-1] - rows[0] + 1)
    return scene.read(bands, window=part, masked=True)[:, rows - rows[0]][:, :, cols - cols[0]]


def find_shift(fixed: np.ndarray, moving: np.ndarray) -> np.ndarray:
    """Return how far the content of `moving` lies below, and right of, that of `fixed`, LR pixels.

    The peak of the phase correlation gives whole pixels, and least squares on the gradient the rest (Lucas and Kanade
    1981). Both images have the shape (h, w) and no gaps.
    """
    height, width = fixed.shape
    fade = np.hanning(height)[:, None] * np.hanning(width)
    rows, cols = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)
    smooth = np.exp(-2 * (np.pi * SMOOTHING) ** 2 * (rows**2 + cols**2))
    spectra = [np.fft.fft2((image - image.mean()) * fade) * smooth for image in (fixed, moving)]
    cross = spectra[1] * spectra[0].conj()
    surface = np.fft.ifft2(cross / np.maximum(np.abs(cross), 1e-9)).real
    near = (np.abs(rows * height) <= LARGEST_SHIFT) & (np.abs(cols * width) <= LARGEST_SHIFT)
    row, col = np.unravel_index(np.where(near, surface, -np.inf).argmax(), surface.shape)
    shift = np.array([rows[row, 0] * height, cols[col] * width])
    target = np.fft.ifft2(spectra[0]).real
    for _ in range(12):
        moved = np.fft.ifft2(spectra[1] * np.exp(2j * np.pi * (rows * shift[0] + cols * shift[1]))).real
        slopes = np.stack([each.ravel() for each in (*np.gradient(moved), moved)], axis=1)
        step, *_ = np.linalg.lstsq(slopes, target.ravel(), rcond=None)
        shift = shift + np.clip(step[:2] / step[2], -1, 1)
    return shift


@dataclass
class View:
    """A further image of the place, on the scene's grid.

    Attributes:
        scene: the open file.
        bands: indexes of the model's bands.
        scaling: gain and bias of each band, see `find_scaling`.
        mask: open file of one band, not zero where the view counts; None if it counts everywhere.
        shift: how far the view's content lies below, and right of, the scene's, LR pixels.
        tones: gain and bias of each band that bring the view into the scene's light, (bands, 1, 1).
    """

    scene: rasterio.DatasetReader
    bands: list[int]
    scaling: tuple[np.ndarray, np.ndarray]
    mask: rasterio.DatasetReader | None
    shift: np.ndarray
    tones: tuple[np.ndarray, np.ndarray]

    def read(self, window: Window) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the nearest pixels to those of a window, where they count, and their distance in LR pixels."""
        down, right = np.rint(self.shift).astype(int)
        moved = Window(window.col_off + right, window.row_off + down, window.width, window.height)
        gain, bias = self.tones
        image = read(self.scene, self.bands, moved, self.scaling) * gain + bias
        rows = np.arange(moved.row_off, moved.row_off + moved.height)[:, None]
        cols = np.arange(moved.col_off, moved.col_off + moved.width)
        inside = (rows >= 0) & (rows < self.scene.height) & (cols >= 0) & (cols < self.scene.width)
        counts = inside & np.isfinite(image).all(0)
        if self.mask is not None:
            counts &= read_stored(self.mask, [1], moved).data[0] != 0
        offset = np.rint(self.shift) - self.shift
        return image, counts, np.broadcast_to(offset[:, None, None], (2, *counts.shape))


def register(
    reference: tuple[rasterio.DatasetReader, list[int], tuple[np.ndarray, np.ndarray]],
    scene: rasterio.DatasetReader,
    bands: list[int],
    scaling: tuple[np.ndarray, np.ndarray],
    mask: rasterio.DatasetReader | None,
) -> View:
    """Find the shift and the tones of a view against the scene."""
    first = reference[0]
    for other in (scene, mask):
        if other is not None and (other.shape, other.transform, other.crs) != (first.shape, first.transform, first.crs):
            raise SystemExit(f"{other.name} has another grid than {first.name}; expected the same. Use rs-srgan.")
    side = [min(length, REGISTERED) for length in (first.width, first.height)]
    middle = Window((first.width - side[0]) // 2, (first.height - side[1]) // 2, *side)
    fixed, moving = filled(read(*reference[:2], middle, reference[2])), filled(read(scene, bands, middle, scaling))
    shift = find_shift(fixed.mean(0), moving.mean(0))
    if np.abs(shift).max() > LARGEST_SHIFT:
        raise SystemExit(f"{scene.name} cannot be registered to {first.name}. Leave it out.")
    print(f"{scene.name}: shifted by {shift[0]:+.2f} rows and {shift[1]:+.2f} columns.")
    gain = fixed.std((1, 2), keepdims=True) / moving.std((1, 2), keepdims=True)
    bias = fixed.mean((1, 2), keepdims=True) - gain * moving.mean((1, 2), keepdims=True)
    return View(scene, bands, scaling, mask, shift, (gain.astype(np.float32), bias.astype(np.float32)))


def read_views(image: np.ndarray, views: list[View], window: Window, count: int) -> dict[str, np.ndarray]:
    """Return the inputs of a model of several revisits for a window whose reference is `image`, (bands, h, w).

    The model takes `count` views. Places without a view hold the reference and do not count.
    """
    images = np.repeat(filled(image)[None], count, axis=0)
    mask = np.zeros((count, *image.shape[1:]), bool)
    offsets = np.zeros((count, 2, *image.shape[1:]), np.float32)
    mask[0] = True
    for index, view in enumerate(views, start=1):
        pixels, mask[index], offsets[index] = view.read(window)
        images[index] = filled(pixels)
    return {"views": images, "mask": mask, "offsets": offsets}


def filled(image: np.ndarray) -> np.ndarray:
    """Return an image, (bands, h, w), with the mean of each band in the place of NaN."""
    means = np.array([np.nanmean(band) if np.isfinite(band).any() else 0 for band in image], np.float32)
    return np.where(np.isfinite(image), image, means[:, None, None])


def compute(
    session: onnxruntime.InferenceSession, inputs: dict[str, np.ndarray], valid: np.ndarray, halo: int, scale: int
) -> np.ndarray:
    """Run the model and return the DN without the halo, (bands, h * scale, w * scale), uint16, with 0 for nodata."""
    (sr,) = session.run(["sr"], {name: image[None] for name, image in inputs.items()})
    dn = (sr[0] * 10000).round().clip(1, 65535)
    dn[~valid.repeat(scale, 1).repeat(scale, 2)] = 0
    inner = slice(halo * scale, -halo * scale)
    return dn[:, inner, inner].astype(np.uint16)


def main() -> None:
    """Super-resolve the scene named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--guide")
    parser.add_argument("--views", nargs="+", default=[], help="for a model of several revisits: further images")
    parser.add_argument("--masks", nargs="+", default=[], help="one mask for each of the --views, - for none")
    parser.add_argument("--offset", type=float, help="DN to add before scaling, instead of the offset tags")
    options = parser.parse_args()

    session = onnxruntime.InferenceSession(options.model, providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    scale, halo = int(about["scale"]), int(about["receptive_field_lr_px"])
    bands, guide_bands = json.loads(about["bands"]), json.loads(about["guide_bands"])
    if bool(guide_bands) != bool(options.guide):
        raise SystemExit(
            f"This model expects --guide with the bands {', '.join(guide_bands)}."
            if guide_bands
            else "This model takes no guide. Leave out --guide."
        )
    first = session.get_inputs()[0]
    count = first.shape[1] if first.name == "views" else 1
    if len(options.views) >= count:
        raise SystemExit(
            f"This model was exported for {count} views, the scene among them; there are {len(options.views)} more."
            if count > 1
            else "This model takes one image. Leave out --views."
        )
    if options.masks and len(options.masks) != len(options.views):
        raise SystemExit(f"There are {len(options.masks)} --masks for {len(options.views)} --views; give one each.")

    with ExitStack() as stack:
        stack.enter_context(rasterio.Env(**WITHOUT_SIDECARS))
        scene = stack.enter_context(open_image(options.source))
        lr_bands = find_bands(scene, bands)
        # the last value: pixels per LR pixel, along each axis
        layers = {"lr": (scene, lr_bands, find_scaling(scene, lr_bands, options.offset), 1)}
        if options.guide:
            guide = stack.enter_context(open_image(options.guide))
            indexes = find_bands(guide, guide_bands)
            layers["guide"] = (guide, indexes, find_scaling(guide, indexes, options.offset), scale)
        views = []
        for name, mask in zip(options.views, options.masks or ["-"] * len(options.views), strict=True):
            other = stack.enter_context(open_image(name))
            indexes = find_bands(other, bands)
            covered = None if mask == "-" else stack.enter_context(open_image(mask))
            scaling = find_scaling(other, indexes, options.offset)
            views.append(register(layers["lr"][:3], other, indexes, scaling, covered))
        profile = {
            "driver": "GTiff",
            "width": scene.width * scale,
            "height": scene.height * scale,
            "count": len(bands),
            "dtype": "uint16",
            "nodata": 0,
            "crs": scene.crs,
            "transform": finer(scene.transform, scale),
            "tiled": True,
            "compress": "deflate",
        }
        out = stack.enter_context(rasterio.open(options.target, "w", **profile))
        out.descriptions = bands
        for row in range(0, scene.height, TILE):
            for col in range(0, scene.width, TILE):
                height, width = min(TILE, scene.height - row), min(TILE, scene.width - col)
                around = (col - halo, row - halo, width + 2 * halo, height + 2 * halo)
                images = {
                    name: read(layer, indexes, Window(*(fine * each for each in around)), scaling)
                    for name, (layer, indexes, scaling, fine) in layers.items()
                }
                inputs = (
                    {name: filled(image) for name, image in images.items()}
                    if count == 1
                    else read_views(images["lr"], views, Window(*around), count)
                )
                target = Window(*(scale * each for each in (col, row, width, height)))
                out.write(compute(session, inputs, np.isfinite(images["lr"]), halo, scale), window=target)


if __name__ == "__main__":
    main()
