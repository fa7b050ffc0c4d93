"""A GeoTIFF through an exported model with onnxruntime, numpy and rasterio alone: no PyTorch, no rs_srgan.

    rs-srgan export sisr-x4-rgbn -o sisr.onnx
    python examples/onnx_inference.py sisr.onnx scene.tif scene_x4.tif [--offset -1000] [--guide guide.tif]

The scene has the model's bands, in its order or described by their names; the guide of a model for Sentinel-2's 20 m
bands has its guide bands, on the grid of the result. Pixels are computed tile by tile. Around each, as many pixels are
read as a result depends on, so tiles do not show. Pixels without data are filled with a tile's mean, and left out of
the result; their neighbours are a little worse than with rs-srgan, which fills from the nearest pixel.
"""

import argparse
import json
from contextlib import ExitStack

import numpy as np
import onnxruntime
import rasterio
from rasterio.windows import Window

TILE = 256  # LR pixels


def order(scene: rasterio.DatasetReader, bands: list[str]) -> list[int]:
    """Where the file has these bands."""
    described = list(scene.descriptions)
    if set(bands) <= set(described):
        return [described.index(band) + 1 for band in bands]
    if scene.count != len(bands):
        raise SystemExit(f"{scene.name} has {scene.count} bands, undescribed; expected {', '.join(bands)}.")
    return list(range(1, scene.count + 1))


def read(scene: rasterio.DatasetReader, bands: list[int], window: Window, offset: float | None) -> np.ndarray:
    """Reflectance of a window that may reach beyond the image, whose border is repeated; NaN where there is no data."""
    rows = np.arange(window.row_off, window.row_off + window.height).clip(0, scene.height - 1)
    cols = np.arange(window.col_off, window.col_off + window.width).clip(0, scene.width - 1)
    part = Window(cols[0], rows[0], cols[-1] - cols[0] + 1, rows[-1] - rows[0] + 1)
    dn = scene.read(bands, window=part, masked=True).astype(np.float32).filled(np.nan)
    dn = dn[:, rows - rows[0]][:, :, cols - cols[0]]
    tagged = any(scale != 1 for scale in scene.scales) and offset is None
    if tagged:
        scales, offsets = (np.array([tags[band - 1] for band in bands]) for tags in (scene.scales, scene.offsets))
        return (dn * scales[:, None, None] + offsets[:, None, None]).astype(np.float32)
    return (dn + (offset or 0)) / 10000


def compute(session: onnxruntime.InferenceSession, inputs: dict[str, np.ndarray], halo: int, scale: int) -> np.ndarray:
    """DN of the inputs' inner part: reflectance = DN / 10000, 0 where there is no data."""
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
    """Read, run, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--guide")
    parser.add_argument("--offset", type=float, help="DN to add, for files without scale tags")
    options = parser.parse_args()

    session = onnxruntime.InferenceSession(options.model, providers=["CPUExecutionProvider"])
    about = session.get_modelmeta().custom_metadata_map
    scale, halo = int(about["scale"]), int(about["receptive_field_lr_px"])
    bands, guide_bands = json.loads(about["bands"]), json.loads(about["guide_bands"])
    if bool(guide_bands) != bool(options.guide):
        raise SystemExit(f"The model's guide has the bands {', '.join(guide_bands) or 'none'}: --guide.")

    with ExitStack() as stack:
        scene = stack.enter_context(rasterio.open(options.source))
        layers = {"lr": (scene, order(scene, bands), 1)}  # the last is how much finer its pixels are
        if options.guide:
            guide = stack.enter_context(rasterio.open(options.guide))
            layers["guide"] = (guide, order(guide, guide_bands), scale)
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
                    name: read(layer, indexes, Window(*(fine * each for each in around)), options.offset)
                    for name, (layer, indexes, fine) in layers.items()
                }
                target = Window(*(scale * each for each in (col, row, width, height)))
                out.write(compute(session, inputs, halo, scale), window=target)


if __name__ == "__main__":
    main()
