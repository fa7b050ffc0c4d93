"""Figures of bundled models on sites that training did not use: python -m benchmarks.quality [NAME ...].

Needs RS_SRGAN_DATA. Writes metrics.json and the card of each model, and the table in README.md.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from benchmarks.report import ROOT, write_block
from rs_srgan.evaluation.images import Case, valid_share
from rs_srgan.evaluation.metrics.calibration import calibrate, factors, factors_of_others
from rs_srgan.evaluation.metrics.sensor import simulate
from rs_srgan.evaluation.protocol import inner
from rs_srgan.evaluation.report.report import ImageScores, Report
from rs_srgan.evaluation.report.tables import table
from rs_srgan.evaluation.scoring import score
from rs_srgan.figures.calibration import Calibration
from rs_srgan.figures.metrics import METRICS_FILE, Group, Metrics, Protocol, write_metrics
from rs_srgan.figures.scores import COMPARED, METHODS, Scores
from rs_srgan.models import SISR
from rs_srgan.models.catalogue import catalogue
from rs_srgan.models.loading import sisr_model
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.publishing.card import write_card
from rs_srgan.publishing.card_figures import psnr_rows
from rs_srgan.publishing.unseen import counted_sites
from rs_srgan.sensors.mtf import wald_mtf
from train.data.guided import guided_originals, guided_sites
from train.data.sources import THINNED_OUT, Site, band_moments, data_root, naip_sites, sentinel2_sites

# The key of the images that calibrate the uncertainty, see `calibrate_on` in train.uncertainty.
CALIBRATING = "sentinel2"
# Pixels of each image that are compared with its uncertainty.
SAMPLED_PX = 20_000
DETAILS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Images:
    """Images of one kind that a model is measured on, all of sites that training did not use.

    Attributes:
        key: the key of their figures in metrics.json.
        title: the name of the images, for people.
        dataset: identifier of the data set for the Hub.
        protocol: how LR and HR are made.
        cases: the images.
    """

    key: str
    title: str
    dataset: str
    protocol: Protocol
    cases: list[Case]


def images_for(model: SISR) -> Iterator[Images]:
    """Yield all images that a model is measured on. The sites are those of the validation split."""
    root, config = data_root(), model.config
    if config.guide_bands:
        sites = guided_sites(root, "val", config.bands, config.guide_bands)
        yield Images("sentinel2", "Sentinel-2, 40 m to 20 m", "sentinel-2", "simulated", _simulated(model, sites))
        originals = guided_originals(root, "val", config.bands, config.guide_bands)
        real = [_real(model, *each) for each in originals]
        yield Images("real", "Sentinel-2, 20 m to 10 m", "sentinel-2", "real", real)
        return
    sentinel2, title = sentinel2_sites(root, "val", config.bands), f"Sentinel-2, {10 * config.scale} m to 10 m"
    yield Images("sentinel2", title, "sentinel-2", "simulated", _simulated(model, sentinel2))
    moments = band_moments(sentinel2_sites(root, "train", config.bands))
    for gsd, coarsen in (("2.4 m", True), ("1.2 m", False)):
        if coarsen and config.scale == 8:  # eight coarse pixels are no image
            continue
        naip = naip_sites(root, "val", moments, config.bands, coarsen=coarsen)
        key = f"naip_{gsd.replace(' ', '')}"
        yield Images(key, f"NAIP, to {gsd}", "naip", "simulated", _simulated(model, naip))
    measured = [site for site in sentinel2 if not site.name.startswith(THINNED_OUT)]
    real = [_real(model, site.name, image, None) for site in measured for image in site.images]
    yield Images("real", f"Sentinel-2, 10 m to {10 / config.scale:g} m", "sentinel-2", "real", real)


def _simulated(model: SISR, sites: list[Site]) -> list[Case]:
    """Simulate LR with the sensor model. Images hold the bands of the guide after the model's own."""
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


def evaluated(model: SISR, images: Images) -> Report:
    """Measure a model on images."""
    scored = [
        ImageScores(case.name, case.site, case.valid, score(model, case).scores)
        for case in tqdm(images.cases, desc=f"{model.name}: {images.title}", leave=False, disable=None)
    ]
    return Report(
        model=model.name,
        fingerprint=model.fingerprint(),
        scale=model.scale,
        bands=model.config.bands,
        protocol=images.protocol,
        images=tuple(scored),
        skipped=(),
        unseen=True,
    )


def measure(name: str) -> Metrics:
    """Measure a bundled model on all of its images."""
    model = sisr_model(name)
    found, groups, calibrations = list(images_for(model)), {}, {}
    for images in found:
        report = evaluated(model, images)
        groups[images.key] = Group.of_sites(
            images.title, report.protocol, report.unseen, report.mean, report.sites, images.dataset
        )
        if model.uncertainty is not None and images.protocol == "simulated":
            calibrations[images.key] = calibration(model, images)
    detail = {f"{amount:g}": _at_detail(name, amount, found) for amount in DETAILS} if model.config.base_model else {}
    return Metrics(model.fingerprint(), groups, calibrations, detail)


def calibration(model: SISR, images: Images) -> Calibration:
    """Compare the uncertainty of a model with its errors; every image counts equally, by SAMPLED_PX of its pixels.

    The sites in CALIBRATING set the calibration of the model. Each of them is judged with the factors that the other
    sites alone would have set.
    """
    errors, widths, sites = [], [], []
    random = np.random.default_rng(0)
    for case in images.cases:
        if case.hr is not None:
            sr, half_width = model.predict_with_uncertainty(case.lr, case.guide)
            pair = inner(np.concatenate([np.abs(sr - case.hr), half_width])).reshape(2, len(sr), -1)
            error, width = pair[..., random.integers(0, pair.shape[2], SAMPLED_PX)]
            errors.append(error)
            widths.append(width)
            sites.append(case.site)
    if images.key == CALIBRATING:
        relative = factors(errors, widths)
        others = factors_of_others(errors, widths, sites)
        widths = [width * (each / relative)[:, None] for width, each in zip(widths, others, strict=True)]
    return calibrate(np.concatenate(errors, 1), np.concatenate(widths, 1))


def _at_detail(name: str, detail: float, found: list[Images]) -> dict[str, Scores]:
    model = sisr_model(name, detail)
    return {images.key: evaluated(model, images).mean["model"] for images in found if images.protocol == "simulated"}


def overview(metrics: Mapping[str, Metrics]) -> str:
    """Write a table for the README, with a row for every model and group of sites.

    Args:
        metrics: the figures, by the name of the model.
    """
    rows = [
        (
            f"`{name}`",
            f"{row.title}, {counted_sites(row.sites, None)}",
            *(f"{psnr:.2f}" for psnr in row.psnr_db),
            f"{row.gain_db:+.2f}",
        )
        for name, each in metrics.items()
        for row in psnr_rows(each)
    ]
    methods = [METHODS[method] for method in COMPARED]
    return table(("model", "unseen sites", *methods, "gain over back-projections"), rows)


def main() -> None:
    """Measure the models, write their figures and cards, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="all bundled models unless given")
    single = [name for name, model in catalogue().items() if not model.config.several]
    for name in parser.parse_args().names or single:
        folder = ROOT / "hub_cards" / name
        write_metrics(measure(name), folder / METRICS_FILE)
        write_card(folder)
    text = overview({model.name: model.metrics for model in catalogue().values()})
    print(text)
    write_block(ROOT / "README.md", "quality", text)


if __name__ == "__main__":
    main()
