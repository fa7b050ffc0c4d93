"""Figures of bundled models on sites that training did not use: python -m benchmarks.quality [NAME ...].

Needs RS_SRGAN_DATA. Writes metrics.json and the card of each model, and the tables in docs/models.md and README.md.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from benchmarks import model_list
from benchmarks.report import ROOT, write_block
from rs_srgan.evaluation.images import Case, valid_share
from rs_srgan.evaluation.metrics.calibration import calibrate, factors, factors_of_others
from rs_srgan.evaluation.metrics.sensor import simulate
from rs_srgan.evaluation.metrics.spectrum import SMALLEST_PX
from rs_srgan.evaluation.protocol import BORDER_HR_PX, inner
from rs_srgan.evaluation.report.report import ImageScores, Report
from rs_srgan.evaluation.report.tables import table
from rs_srgan.evaluation.scoring import score
from rs_srgan.figures.calibration import Calibration
from rs_srgan.figures.json_value import JsonValue
from rs_srgan.figures.metrics import METRICS_FILE, Group, Metrics, Protocol, write_metrics
from rs_srgan.figures.scores import METHODS, Scores
from rs_srgan.models import SISR
from rs_srgan.models.catalogue import catalogue
from rs_srgan.models.loading import sisr_model
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.publishing.card import write_card
from rs_srgan.publishing.card_figures import listed, range_over_sites
from rs_srgan.publishing.training_file import TRAINING_FILE
from rs_srgan.publishing.unseen import counted_sites
from rs_srgan.sensors.mtf import wald_mtf
from train.data.guided import guided_sites, native_guided_sites
from train.data.module import require_files
from train.data.native import native_pairs, native_sites
from train.data.sources import Site, band_moments, data_root, naip_sites, sentinel2_sites

# The keys of Sentinel-2 images on the grid of the sensor, and of chips that were resampled.
NATIVE, CHIPS = "native", "sentinel2"
# Least side of an image, fine pixels inside the border and LR pixels: smaller images have no spectrum.
_LEAST_PX, _LEAST_LR_PX = 2 * BORDER_HR_PX + SMALLEST_PX, 12
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
    """Yield all images that a model is measured on: first Sentinel-2 on the grid of the sensor, then resampled chips.

    The sites are those of the validation splits.
    """
    yield from _guided(model) if model.config.guide_bands else _alone(model)


def _guided(model: SISR) -> Iterator[Images]:
    root, asked = data_root(), (model.config.bands, model.config.guide_bands)
    title = "40 m to 20 m"
    native = _simulated(model, native_guided_sites(root, "val", *asked))
    require_files(f"Images in {root} with {', '.join((*asked[0], *asked[1]))}", native)
    yield Images(NATIVE, f"Sentinel-2, native pixels, {title}", "sentinel-2", "simulated", native)
    chips = _simulated(model, guided_sites(root, "val", *asked))
    yield Images(CHIPS, f"Sentinel-2, resampled chips, {title}", "sentinel-2", "simulated", chips)
    real = [_real(model, pair.site, pair.coarse, pair.fine) for pair in native_pairs(root, "val", *asked)]
    yield Images("real", "Sentinel-2, native pixels, 20 m to 10 m", "sentinel-2", "real", real)


def _alone(model: SISR) -> Iterator[Images]:
    root, config = data_root(), model.config
    title = f"{10 * config.scale} m to 10 m"
    sites = native_sites(root, "val", config.bands)
    native = _simulated(model, sites)
    require_files(f"Images in {root} with {', '.join(config.bands)}", native)
    yield Images(NATIVE, f"Sentinel-2, native pixels, {title}", "sentinel-2", "simulated", native)
    chips = _simulated(model, sentinel2_sites(root, "val", config.bands))
    yield Images(CHIPS, f"Sentinel-2, resampled chips, {title}", "sentinel-2", "simulated", chips)
    moments = band_moments(sentinel2_sites(root, "train", config.bands))
    for gsd, coarsen in (("2.4 m", True), ("1.2 m", False)):
        if coarsen and config.scale == 8:  # eight coarse pixels are no image
            continue
        naip = naip_sites(root, "val", moments, config.bands, coarsen=coarsen)
        key = f"naip_{gsd.replace(' ', '')}"
        yield Images(key, f"NAIP, to {gsd}", "naip", "simulated", _simulated(model, naip))
    real = [_real(model, site.name, image, None) for site in sites for image in site.images]
    yield Images("real", f"Sentinel-2, native pixels, 10 m to {10 / config.scale:g} m", "sentinel-2", "real", real)


def _simulated(model: SISR, sites: list[Site]) -> list[Case]:
    """Simulate LR with the sensor model; leave out images that are too small for figures.

    Args:
        model: the model.
        sites: reflectance; the bands of the guide follow the model's own.
    """
    scale, own = model.scale, len(model.config.bands)
    mtf = wald_mtf(model.config.mtf_nyquist, scale)
    cases = []
    for site in sites:
        for index, image in enumerate(site.images):
            whole = image[:, : image.shape[1] // scale * scale, : image.shape[2] // scale * scale]
            side = min(whole.shape[1:])
            if side < _LEAST_PX or side < _LEAST_LR_PX * scale:
                continue
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
            calibrations[images.key] = calibration(model, images, images.key == calibrating_group(name))
    detail = {f"{amount:g}": _at_detail(name, amount, found) for amount in DETAILS} if model.config.base_model else {}
    return Metrics(model.fingerprint(), groups, calibrations, detail)


def calibrating_group(name: str) -> str:
    """Return the key of the images that set the calibration of a bundled model, by its training.json."""
    record = JsonValue.of_file(catalogue()[name].folder / TRAINING_FILE).get("uncertainty")
    chosen = None if record is None else record.get("calibrate_on")
    return CHIPS if chosen is None else chosen.text()  # older records do not have it


def calibration(model: SISR, images: Images, calibrating: bool) -> Calibration:
    """Compare the uncertainty of a model with its errors; every image counts equally, by SAMPLED_PX of its pixels.

    Args:
        model: a model with an uncertainty head.
        images: the images.
        calibrating: whether these sites set the calibration of the model. If so, each of them is judged with the
            factors that the other sites alone would have set.
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
    if calibrating:
        relative = factors(errors, widths)
        others = factors_of_others(errors, widths, sites)
        widths = [width * (each / relative)[:, None] for width, each in zip(widths, others, strict=True)]
    return calibrate(np.concatenate(errors, 1), np.concatenate(widths, 1))


def _at_detail(name: str, detail: float, found: list[Images]) -> dict[str, Scores]:
    model = sisr_model(name, detail)
    return {images.key: evaluated(model, images).mean["model"] for images in found if images.protocol == "simulated"}


def overview(metrics: Mapping[str, Metrics]) -> str:
    """Write a table for docs/models.md, with a row for every model and group of sites.

    Args:
        metrics: the figures, by the name of the model.
    """
    named = [(name, group) for name, each in metrics.items() for group in each.referenced.values()]
    methods = listed(group for _, group in named)
    rows = [
        (
            f"`{name}`",
            f"{group.title}, {counted_sites(len(group.sites), None)}",
            *(f"{group.mean[method].psnr_db:.2f}" if method in group.mean else "" for method in methods),
            f"{group.gain_db:+.2f}",
            range_over_sites(group),
        )
        for name, group in named
    ]
    return table(("model", "unseen sites", *(METHODS[method] for method in methods), "gain", "range over sites"), rows)


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
    write_block(ROOT / "docs" / "models.md", "quality", text)
    model_list.main()


if __name__ == "__main__":
    main()
