"""Evaluation of a model: files and a model in, a report out."""

import logging
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from rs_srgan.batch.cluster import require_ray
from rs_srgan.errors import InputError, require_extra
from rs_srgan.evaluation.images import Skipped, choose_windows, open_image
from rs_srgan.evaluation.report.gallery import Gallery, random_sources
from rs_srgan.evaluation.report.report import Report
from rs_srgan.evaluation.sources import Source, find_sources
from rs_srgan.evaluation.windows import Evaluation, score_here, score_on_ray
from rs_srgan.figures.metrics import Protocol
from rs_srgan.hub.names import DEFAULT_MODEL
from rs_srgan.inference.job import sensor_of
from rs_srgan.inference.options import PredictOptions
from rs_srgan.models import SISR, SISRConfig
from rs_srgan.models.loading import sisr_model
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.stated import Stated

logger = logging.getLogger(__name__)


def evaluate(
    inputs: str | Path | Sequence[str | Path],
    model: str | Path | SISR = DEFAULT_MODEL,
    *,
    detail: float | None = None,
    reference: bool = True,
    site_pattern: str | None = None,
    unseen: bool | None = None,
    limit: int | None = None,
    pictures: int = 0,
    sensor: str | None = None,
    offset: float | None = None,
    scale: float | None = None,
    nodata: float | str | None = None,
    band_names: Sequence[str] | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    ray: bool = False,
    address: str | None = None,
) -> Report:
    """Measure a model, bicubic enlargement and back-projection on images.

    All files are opened, and the parts that are evaluated are read once, before anything is computed. So files that
    cannot be used are reported at the start.

    Args:
        inputs: files or folders. They hold HR images, from which the sensor model makes LR; or folders `hr` and `lr`
            with pairs of files of the same name; or, without `reference`, images to super-resolve as they are. Formats:
            GeoTIFF, JP2, PNG, NPY or Sentinel-2 products, with the model's bands.
        model: a name or folder that `load_model` takes, or a model.
        detail: amount of detail, 0 to 1, see `load_model`; only for models that are given by name.
        reference: whether there is an HR to compare with.
        site_pattern: regular expression that finds the site in a file's name; see `find_sources`.
        unseen: True to state that training did not use these sites, False to state that it did. The report and the
            model's card repeat the statement; with None they claim nothing.
        limit: maximum number of images; a random choice is made if there are more. None for all.
        pictures: number of sites to show; the best and the worst image are added. 0 for no pictures.
        sensor: name of the sensor that the images are of, which must be the model's own.
        offset: DN to add before scaling, instead of what the tags of the images say; of pairs, of LR only.
        scale: reflectance of one DN, instead of the scale and offset tags; of pairs, of LR and HR.
        nodata: value without data in each band, or "none" if every pixel holds data; of pairs, in LR and HR.
        band_names: names of the bands of each file in the file's order, "-" for a band that is not wanted; of pairs, of
            LR and HR.
        seed: seed of all random choices.
        progress: function that is called with the number of windows done, and the number of all windows.
        ray: compute on a Ray cluster, whose nodes must all see the images; the report is the same.
        address: address of the cluster; None for the one that RAY_ADDRESS names, else for this machine.

    Raises:
        InputError: the images, the model or the options cannot be used, or a package of the extra `evaluate` is
            missing.
    """
    _require(limit, pictures, ray)
    options = PredictOptions(sensor=sensor, offset=offset, scale=scale, nodata=nodata, band_names=band_names)
    given = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    protocol, sources = find_sources(given, reference, site_pattern)
    if limit is not None and limit < len(sources):
        sources = sorted(random.Random(seed).sample(sources, limit), key=lambda source: source.name)
    model = sisr_model(model, detail)
    sensor_of(model, options.sensor)
    plan, skipped = _plan(sources, protocol, model.config, options.stated(), seed)
    for each in skipped:
        logger.warning("%s is left out: %s.", each.name, each.reason)
    if not plan:
        raise InputError(f"Nothing is left to evaluate. {skipped[0].name}: {skipped[0].reason}.")
    gallery = Gallery(random_sources([source for source, _ in plan], pictures, seed))
    images = []
    total = sum(len(windows) for _, windows in plan)
    how = Evaluation(protocol, options.stated(), pictures > 0)
    for source, figures, centre in score_on_ray(plan, model, how, address) if ray else score_here(plan, model, how):
        images.append(figures)
        if centre is not None:
            gallery.keep(source.name, centre)
        if progress:
            progress(len(images), total)
    return Report(
        model=model.name,
        fingerprint=model.fingerprint(),
        scale=model.scale,
        bands=model.config.bands,
        protocol=protocol,
        images=tuple(images),
        skipped=tuple(skipped),
        pictures=tuple(gallery.pictures()),
        seed=seed,
        unseen=unseen,
    )


def _require(limit: int | None, pictures: int, ray: bool) -> None:
    """Check the numbers of a request, and that the packages which it needs are installed; see `evaluate`."""
    require_extra("torchmetrics", "SSIM, SAM and ERGAS")
    if ray:
        require_ray("Evaluations on a cluster")
    if pictures:
        require_extra("matplotlib", "Pictures")
    for name, value, least in (("limit", limit, 1), ("pictures", pictures, 0)):
        if value is not None and value < least:
            raise InputError(f"{name} is {value}; expected at least {least}.")


def _plan(
    sources: Sequence[Source], protocol: Protocol, config: SISRConfig, stated: Stated, seed: int
) -> tuple[list[tuple[Source, list[Window]]], list[Skipped]]:
    """Choose the windows of every image to evaluate, and the images to leave out.

    Raises:
        InputError: images that cannot be evaluated, all of them at once.
    """
    plan: list[tuple[Source, list[Window]]] = []
    skipped: list[Skipped] = []
    wrong: list[str] = []
    for source in sources:
        try:
            with open_image(source, protocol, config, stated) as image:
                windows = choose_windows(image, source.name, config.scale, seed)
        except InputError as error:
            wrong.append(str(error))
            continue
        if isinstance(windows, Skipped):
            skipped.append(windows)
        else:
            plan.append((source, windows))
    if wrong:
        more = f" {len(wrong)} of {len(sources)} images cannot be evaluated: " if len(wrong) > 1 else ""
        raise InputError(f"{more.lstrip()}{' '.join(wrong)}")
    return plan, skipped
