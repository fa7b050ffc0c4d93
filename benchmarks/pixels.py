"""Digests of the pixels that every bundled model makes, to check that a change of the code does not change them.

    python -m benchmarks.pixels before.json                       # at the commit before
    python -m benchmarks.pixels after.json --compare before.json  # at the commit after, on the same machine

The images are three of the Sentinel-2 collection and three dates of one tile, in RS_SRGAN_DATA. The engine is PyTorch
in float32.
"""

import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import rasterio
from rasterio.windows import Window

from rs_srgan import load_model, super_resolve
from train.data.sources import data_root

_IMAGES = ("dolomites_10m_rgbn.tif", "spain_s1f11_10m_10b.tif", "burgundy_29_2017_10m.tif")
_MODELS = ("sisr-x2-rgbn", "sisr-x4-rgbn", "sisr-x8-rgbn", "srgan-x4-rgbn", "srresnet-srgan-x4-rgb", "misr-x2-rgbn")
_SIDE = 160


def _cut(source: Path, target: Path) -> Path:
    with rasterio.open(source) as image:
        height, width = min(_SIDE, image.height), min(_SIDE, image.width)
        window = Window((image.width - width) // 2, (image.height - height) // 2, width, height)
        profile = image.profile | {"height": height, "width": width, "transform": image.window_transform(window)}
        with rasterio.open(target, "w", **profile) as out:
            out.write(image.read(window=window))
            out.descriptions = image.descriptions
    return target


def _digest(path: Path) -> str:
    with rasterio.open(path) as image:
        return hashlib.sha256(image.read().tobytes()).hexdigest()[:16]


def digests(folder: Path) -> dict[str, str]:
    """Return a digest for each bundled model and image; files are written below `folder`."""
    root, found = data_root(), {}
    dates = sorted(path for path in (root / "timeseries").rglob("33TWL_*.tif") if "scl" not in path.name)[:3]
    cuts = [_cut(root / "sentinel2" / name, folder / name) for name in _IMAGES if (root / "sentinel2" / name).exists()]
    views = [_cut(path, folder / path.name) for path in dates]
    options = {"engine": "torch", "precision": "fp32", "tile": 128, "overwrite": True}
    for model in (*_MODELS, "misr-x4-rgbn"):
        for image in cuts:
            super_resolve(image, folder / "sr.tif", model, **options)
            found[f"{model} {image.stem}"] = _digest(folder / "sr.tif")
        if model.startswith("misr"):
            super_resolve(views, folder / "sr.tif", model, **options)
            found[f"{model} {len(views)} dates"] = _digest(folder / "sr.tif")
    guided = load_model("sisr-x2-20m")
    random = np.random.default_rng(0)
    lr, guide = (random.uniform(0.02, 0.4, shape).astype(np.float32) for shape in ((6, 64, 64), (4, 128, 128)))
    made = np.round(guided.predict(lr, guide) * 10000).astype(np.int32)
    found["sisr-x2-20m random"] = hashlib.sha256(made.tobytes()).hexdigest()[:16]
    return found


def main() -> None:
    """Write the digests, and compare them with earlier ones if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path)
    parser.add_argument("--compare", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = digests(Path(folder))
    options.target.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if options.compare:
        before = json.loads(options.compare.read_text(encoding="utf-8"))
        differing = [name for name in before if found.get(name) != before[name]]
        sys.stdout.write(f"{len(before) - len(differing)} of {len(before)} identical\n")
        if differing:
            raise SystemExit(f"Different: {', '.join(differing)}")


if __name__ == "__main__":
    main()
