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
from train.data.sources import band_moments, data_root, naip_sites, sentinel2_sites

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
            figures_row(f"NAIP at 2.4 m, {metrics['naip']['count']} sites", metrics["naip"]["mean"]),
        ],
    )


def by_site(metrics: dict[str, Any]) -> str:
    """Every Sentinel-2 site and the means, for the card."""
    rows = [figures_row(name, figures) for name, figures in metrics["sentinel2"]["sites"].items()]
    rows.append(figures_row("**mean, Sentinel-2**", metrics["sentinel2"]["mean"]))
    rows.append(figures_row(f"**mean, {metrics['naip']['count']} NAIP sites at 2.4 m**", metrics["naip"]["mean"]))
    return table(_HEADER, rows)


def measure(name: str) -> dict[str, Any]:
    """Evaluate a bundled model on all validation sites."""
    model, root = load_model(name), data_root()
    moments = band_moments(sentinel2_sites(root, "train"))
    results = {
        source: evaluate_sites(model, {site.name: site.images for site in sites})
        for source, sites in (
            ("sentinel2", sentinel2_sites(root, "val")),
            ("naip", naip_sites(root, "val", moments)),
        )
    }
    means = {source: _rounded(Figures.mean(figures.values())) for source, figures in results.items()}
    sites = {name: _rounded(figures) for name, figures in results["sentinel2"].items()}
    return {
        "figure": "PSNR in dB, reflectance, peak 1, LR simulated by the sensor model, no noise",
        "sentinel2": {"mean": means["sentinel2"], "sites": sites},
        "naip": {"mean": means["naip"], "count": len(results["naip"])},
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
