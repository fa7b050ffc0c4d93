"""PSNR of a bundled model on sites that training never saw: python -m benchmarks.quality [NAME]. Needs RS_SRGAN_DATA.

Writes metrics.json beside the model, and the tables of README.md and of the model's card.
"""

import argparse
import dataclasses
import json
from typing import Any

from benchmarks.report import ROOT, table, write_block
from rs_srgan.evaluation.protocol import Figures, evaluate_sites
from rs_srgan.hub import DEFAULT_MODEL, METRICS_FILE, load_model
from train.data.guided import guided_sites
from train.data.sources import Site, band_moments, data_root, naip_sites, sentinel2_sites

_HEADER = ("unseen site", "bicubic", "bicubic + 3 back-projections", "model", "gain over back-projection")


def figures_row(name: str, figures: dict[str, float]) -> list[str]:
    """One row: PSNR in dB, and the gain."""
    each = Figures(**figures)
    return [name, f"{each.bicubic:.2f}", f"{each.back_projection:.2f}", f"{each.model:.2f}", f"{each.gain:+.2f}"]


def summary(metrics: dict[str, Any]) -> str:
    """The means, for the README."""
    return table(
        ("mean over unseen sites", *_HEADER[1:]),
        [
            figures_row(f"Sentinel-2, {len(metrics['sentinel2']['sites'])} sites", metrics["sentinel2"]["mean"]),
            *(
                figures_row(f"NAIP at {gsd}, {each['count']} sites", each["mean"])
                for gsd, each in metrics["naip"].items()
            ),
            figures_row("Sentinel-2 and NAIP at 2.4 m, every site once", metrics["all"]["mean"]),
        ],
    )


def by_site(metrics: dict[str, Any]) -> str:
    """Every Sentinel-2 site and the means, for the card."""
    rows = [figures_row(name, figures) for name, figures in metrics["sentinel2"]["sites"].items()]
    rows.append(figures_row("**mean, Sentinel-2**", metrics["sentinel2"]["mean"]))
    for gsd, each in metrics["naip"].items():
        rows.append(figures_row(f"**mean, {each['count']} NAIP sites at {gsd}**", each["mean"]))
    return table(_HEADER, rows)


def measure(name: str) -> dict[str, Any]:
    """Evaluate a bundled model on all validation sites."""
    model, root = load_model(name), data_root()
    config = model.config

    def results(sites: list[Site]) -> dict[str, Figures]:
        return evaluate_sites(model, {site.name: site.images for site in sites})

    naip: dict[str, dict[str, Figures]] = {}
    if config.guide_bands:
        sentinel2 = results(guided_sites(root, "val", config.bands, config.guide_bands))
    else:
        sentinel2 = results(sentinel2_sites(root, "val", config.bands))
        moments = band_moments(sentinel2_sites(root, "train", config.bands))
        if config.scale < 8:  # eight coarse pixels are no image
            naip["2.4 m"] = results(naip_sites(root, "val", moments, config.bands))
        naip["1.2 m"] = results(naip_sites(root, "val", moments, config.bands, coarsen=False))
    return {
        "figure": "PSNR in dB, reflectance, peak 1; LR by the sensor model, no noise; 16 HR px of border left out",
        "sentinel2": {
            "mean": _rounded(Figures.mean(sentinel2.values())),
            "sites": {name: _rounded(figures) for name, figures in sentinel2.items()},
        },
        "naip": {
            gsd: {"mean": _rounded(Figures.mean(each.values())), "count": len(each)} for gsd, each in naip.items()
        },
        "all": {"mean": _rounded(Figures.mean([*sentinel2.values(), *next(iter(naip.values()), {}).values()]))},
    }


def _rounded(figures: Figures) -> dict[str, float]:
    return {key: round(value, 3) for key, value in dataclasses.asdict(figures).items()}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", default=DEFAULT_MODEL)
    name = parser.parse_args().name
    metrics = measure(name)
    print(by_site(metrics))
    folder = ROOT / "hub_cards" / name
    (folder / METRICS_FILE).write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    write_block(folder / "README.md", "quality", by_site(metrics))
    if name == DEFAULT_MODEL:
        write_block(ROOT / "README.md", "quality", summary(metrics))


if __name__ == "__main__":
    main()
