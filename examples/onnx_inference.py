"""Super-resolve a GeoTIFF with an exported model, using onnxruntime, numpy and rasterio: no PyTorch, no rs_srgan.

    rs-srgan export sisr-x4-rgbn -o sisr.onnx
    python examples/onnx_inference.py sisr.onnx scene.tif scene_x4.tif [--offset -1000] [--guide guide.tif]

The scene is a GeoTIFF or JPEG 2000 file with the model's bands, in the model's order or described by their names.
A model for Sentinel-2's 20 m bands also needs a guide: a second file with the guide bands, on the grid of the result.

The example works tile by tile. It reads each tile with a halo as wide as the model's receptive field, so tiles leave no
seams. It fills nodata pixels with the mean of the tile and writes them as nodata. Their neighbours are a little less
accurate than with rs-srgan, which fills from the nearest valid pixel.
"""

import argparse
import json
import re
from contextlib import ExitStack

import numpy as np
import onnxruntime
import rasterio
from rasterio.windows import Window

TILE = 256  # LR pixels

# Some formats, and files beside an image, name other files and addresses, which GDAL would open.
WITHOUT_SIDECARS = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}


def open_image(path: str) -> rasterio.DatasetReader:
    """Open a file as JPEG 2000 if its name ends with .jp2, else as GeoTIFF."""
    return rasterio.open(path, driver="JP2OpenJPEG" if path.lower().endswith(".jp2") else "GTiff")


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
    held = stored[:, ~(stored.data == 0).all(0)].astype(np.float64) * gain[:, None] + bias[:, None]
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

    A window may extend beyond the image. The outermost pixels of the image are repeated there. Zero in all bands is no
    data, as in rs-srgan, unless the file declares another value.
    """
    rows = np.arange(window.row_off, window.row_off + window.height).clip(0, scene.height - 1)
    cols = np.arange(window.col_off, window.col_off + window.width).clip(0, scene.width - 1)
    part = Window(cols[0], rows[0], cols[-1] - cols[0] + 1, rows[-1] - rows[0] + 1)
    stored = scene.read(bands, window=part, masked=True)
    gain, bias = scaling
    image = (stored.astype(np.float64).filled(np.nan) * gain + bias).astype(np.float32)
    if scene.nodata is None:
        image[:, (stored.data == 0).all(0)] = np.nan
    return image[:, rows - rows[0]][:, :, cols - cols[0]]


def compute(session: onnxruntime.InferenceSession, inputs: dict[str, np.ndarray], halo: int, scale: int) -> np.ndarray:
    """Run the model and return the DN without the halo, (bands, h * scale, w * scale), uint16, with 0 for nodata."""
    valid = np.isfinite(inputs["lr"])
    filled = {}
    for name, image in inputs.items():
        means = np.array([np.nanmean(band) if np.isfinite(band).any() else 0 for band in image], np.float32)
        filled[name] = np.where(np.isfinite(image), image, means[:, None, None])[None]
    (sr,) = session.run(["sr"], filled)
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
        profile = {
            "driver": "GTiff",
            "width": scene.width * scale,
            "height": scene.height * scale,
            "count": len(bands),
            "dtype": "uint16",
            "nodata": 0,
            "crs": scene.crs,
            "transform": scene.transform * scene.transform.scale(1 / scale),
            "tiled": True,
            "compress": "deflate",
        }
        out = stack.enter_context(rasterio.open(options.target, "w", **profile))
        out.descriptions = bands
        for row in range(0, scene.height, TILE):
            for col in range(0, scene.width, TILE):
                height, width = min(TILE, scene.height - row), min(TILE, scene.width - col)
                around = (col - halo, row - halo, width + 2 * halo, height + 2 * halo)
                inputs = {
                    name: read(layer, indexes, Window(*(fine * each for each in around)), scaling)
                    for name, (layer, indexes, scaling, fine) in layers.items()
                }
                target = Window(*(scale * each for each in (col, row, width, height)))
                out.write(compute(session, inputs, halo, scale), window=target)


if __name__ == "__main__":
    main()
