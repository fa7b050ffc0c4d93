"""All figures of bundled models on sites that training never saw: python -m benchmarks.quality [NAME ...].

Needs RS_SRGAN_DATA. Writes metrics.json beside each model, its card, and the table of README.md.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.report import ROOT, write_block
from rs_srgan.evaluation.images import Case, Protocol, valid_share
from rs_srgan.evaluation.metrics.calibration import Calibration, factors, factors_of_others
from rs_srgan.evaluation.metrics.sensor import simulate
from rs_srgan.evaluation.protocol import inner
from rs_srgan.evaluation.report.report import ImageScores, Report
from rs_srgan.evaluation.report.tables import table
from rs_srgan.evaluation.scoring import score
from rs_srgan.models import SISR, MISRConfig
from rs_srgan.models.catalogue import METRICS_FILE, catalogue
from rs_srgan.models.loading import sisr_model
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.publishing.card import psnr_rows, write_card
from rs_srgan.publishing.metrics_file import summary
from rs_srgan.sensors.mtf import wald_mtf
from train.data.guided import guided_originals, guided_sites
from train.data.sources import THINNED_OUT, Site, band_moments, data_root, naip_sites, sentinel2_sites

# The group whose sites calibrate the uncertainty, `calibrate_on` of its training.
CALIBRATING = "sentinel2"
# Pixels of an image that say whether its uncertainty holds.
SAMPLED_PX = 20_000
DETAILS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Group:
    """Images of one kind, each with the site that it shows.

    Attributes:
        key: in metrics.json.
        title: for people.
        protocol: of the evaluation.
        cases: what is evaluated.
    """

    key: str
    title: str
    protocol: Protocol
    cases: list[Case]


def groups(model: SISR) -> Iterator[Group]:
    """What a model is measured on."""
    root, config = data_root(), model.config
    if config.guide_bands:
        sites = guided_sites(root, "val", config.bands, config.guide_bands)
        yield Group("sentinel2", "Sentinel-2, 40 m to 20 m", "simulated", _simulated(model, sites))
        originals = guided_originals(root, "val", config.bands, config.guide_bands)
        yield Group("real", "Sentinel-2, 20 m to 10 m", "real", [_real(model, *each) for each in originals])
        return
    sentinel2 = sentinel2_sites(root, "val", config.bands)
    yield Group("sentinel2", f"Sentinel-2, {10 * config.scale} m to 10 m", "simulated", _simulated(model, sentinel2))
    moments = band_moments(sentinel2_sites(root, "train", config.bands))
    for gsd, coarsen in (("2.4 m", True), ("1.2 m", False)):
        if coarsen and config.scale == 8:  # eight coarse pixels are no image
            continue
        naip = naip_sites(root, "val", moments, config.bands, coarsen=coarsen)
        yield Group(f"naip_{gsd.replace(' ', '')}", f"NAIP, to {gsd}", "simulated", _simulated(model, naip))
    measured = [site for site in sentinel2 if not site.name.startswith(THINNED_OUT)]
    real = [_real(model, site.name, image, None) for site in measured for image in site.images]
    yield Group("real", f"Sentinel-2, 10 m to {10 / config.scale:g} m", "real", real)


def _simulated(model: SISR, sites: list[Site]) -> list[Case]:
    """LR by the sensor model. Bands of a guide lie behind the model's own."""
    scale, own = model.scale, len(model.config.bands)
    mtf = wald_mtf(model.config.mtf_nyquist, scale)
    cases = []
    for site in sites:
        for index, image in enumerate(site.images):
            whole = image[:, : image.shape[1] // scale * scale, : image.shape[2] // scale * scale]
            hr, guide = whole[:own], whole[own:] if model.config.guide_bands else None
            lr = simulate(hr, scale, mtf)
            cases.append(Case(f"{site.name} {index}", site.name, lr, hr, guide, mtf, valid_share(lr, hr, scale)))
    return cases


def _real(model: SISR, site: str, image: FloatImage, guide: FloatImage | None) -> Case:
    mtf = wald_mtf(model.config.mtf_nyquist, model.scale)
    return Case(site, site, image, None, guide, mtf, valid_share(image, None, model.scale))


def evaluated(model: SISR, group: Group) -> Report:
    """All figures of a group's images."""
    images = []
    for case in tqdm(group.cases, desc=f"{model.name}: {group.title}", leave=False, disable=None):
        images.append(ImageScores(case.name, case.site, case.valid, score(model, case).scores))
    fingerprint = model.fingerprint()
    return Report(model.name, fingerprint, model.scale, model.config.bands, group.protocol, tuple(images), ())


def measure(name: str) -> dict[str, Any]:
    """Everything about a bundled model."""
    model = sisr_model(name)
    found, reports, calibrations = list(groups(model)), {}, {}
    for group in found:
        reports[group.key] = evaluated(model, group)
        if model.uncertainty is not None and group.protocol == "simulated":
            calibrations[group.key] = calibration(model, group)
    metrics: dict[str, Any] = {
        "fingerprint": model.fingerprint(),
        "groups": {each.key: summary(reports[each.key].to_json(), each.title) for each in found},
    }
    if calibrations:
        metrics["uncertainty"] = {key: each.to_json() for key, each in calibrations.items()}
    if model.config.base_model:
        metrics["detail"] = {f"{detail:g}": _at_detail(name, detail, found) for detail in DETAILS}
    return metrics


def calibration(model: SISR, group: Group) -> Calibration:
    """Of the uncertainty; every image counts equally, by as many of its pixels.

    Sites that calibrated it are asked with the factors that the others alone would have set.
    """
    errors, widths, sites = [], [], []
    random = np.random.default_rng(0)
    for case in group.cases:
        if case.hr is not None:
            sr, half_width = model.predict_with_uncertainty(case.lr, case.guide)
            pair = inner(np.concatenate([np.abs(sr - case.hr), half_width])).reshape(2, len(sr), -1)
            error, width = pair[..., random.integers(0, pair.shape[2], SAMPLED_PX)]
            errors.append(error)
            widths.append(width)
            sites.append(case.site)
    if group.key == CALIBRATING:
        relative = factors(errors, widths)
        others = factors_of_others(errors, widths, sites)
        widths = [width * (each / relative)[:, None] for width, each in zip(widths, others, strict=True)]
    return Calibration.measure(np.concatenate(errors, 1), np.concatenate(widths, 1))


def _at_detail(name: str, detail: float, found: list[Group]) -> dict[str, Any]:
    model = sisr_model(name, detail)
    means = {}
    for group in found:
        if group.protocol == "simulated":
            means[group.key] = evaluated(model, group).mean["model"].to_json()
    return means


def overview(metrics: dict[str, dict[str, Any]]) -> str:
    """A row for every model and group of sites, for the README."""
    rows = []
    for name, each in metrics.items():
        for title, count, psnr in psnr_rows(each):
            bicubic, projected, model = psnr
            figures = (f"{bicubic:.2f}", f"{projected:.2f}", f"{model:.2f}", f"{model - projected:+.2f}")
            rows.append((f"`{name}`", f"{title}, {count} sites", *figures))
    header = ("model", "unseen sites", "bicubic", "bicubic + 3 back-projections", "model", "gain over those")
    return table(header, rows)


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="all bundled models unless given")
    single = [name for name, model in catalogue().items() if not isinstance(model.config, MISRConfig)]
    for name in parser.parse_args().names or single:
        metrics = measure(name)
        folder = ROOT / "hub_cards" / name
        (folder / METRICS_FILE).write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
        write_card(folder)
    text = overview({model.name: model.metrics for model in catalogue().values()})
    print(text)
    write_block(ROOT / "README.md", "quality", text)


if __name__ == "__main__":
    main()
