"""The YAML block at the top of a card, which the Hub reads."""

import math
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from huggingface_hub import EvalResult, ModelCardData

from rs_srgan.figures.metrics import Group, Metrics
from rs_srgan.figures.scores import METHODS
from rs_srgan.figures.tracks import Track
from rs_srgan.models import SISRConfig
from rs_srgan.publishing.unseen import counted_sites
from rs_srgan.sensors import find_sensor

# Tag of models that take several images of a place: the code that uses them differs, see docs/hub.md.
MULTI_IMAGE = "multi-image-super-resolution"


def metadata(
    name: str,
    config: SISRConfig,
    metrics: Metrics | None,
    license_: str,
    base_model: str,
    tags: Sequence[str] = (),
    pictures: Sequence[str] = (),
) -> str:
    """Write the metadata of a card, YAML.

    Args:
        name: the model's name.
        config: the model's configuration.
        metrics: the model's figures; None if there are none.
        license_: the licence, by its name on the Hub; empty if there is none.
        base_model: the model that training started from, by a name that others can load; empty if there is none.
        tags: further tags.
        pictures: paths of pictures in the repository, which the Hub shows as examples.
    """
    results: list[EvalResult] = []
    if metrics is not None:
        for group in metrics.referenced.values():
            results += _group_results(config.scale, group)
        for key, track in metrics.tracks.items():
            results += _track_results(config.scale, key, track)
    data = ModelCardData(
        library_name="rs_srgan",
        pipeline_tag="image-to-image",
        license=license_ or None,
        base_model=base_model or None,
        tags=[
            "super-resolution",
            f"super-resolution-x{config.scale}",
            "remote-sensing",
            "satellite-imagery",
            *([MULTI_IMAGE] if config.several else []),
            _identifier(find_sensor(config.sensor).title),
            "model_hub_mixin",
            "pytorch_model_hub_mixin",
            *tags,
        ],
        model_name=name if results else None,
        eval_results=results or None,
    )
    if pictures:
        data["widget"] = [_example(each) for each in pictures]
    return data.to_yaml().strip()


def _example(picture: str) -> dict[str, object]:
    """Return a picture as the Hub's gallery of examples takes it."""
    name = PurePosixPath(picture).stem.replace("_", " ")
    return {"text": f"{name}: LR, bicubic, SR and HR, and the errors", "output": {"url": picture}}


def _group_results(scale: int, group: Group) -> Iterator[EvalResult]:
    model = group.mean["model"]
    figures = (
        ("psnr", "PSNR, dB", model.psnr_db, 2),
        ("psnr_gain", f"PSNR over {METHODS[group.baseline]}, dB", group.gain_db, 2),
        ("ssim", "SSIM", model.ssim, 4),
    )
    for metric, described, value, digits in figures:
        if math.isfinite(value):
            yield EvalResult(
                task_type="image-to-image",
                task_name=f"Super-resolution x{scale}",
                dataset_type=group.dataset or _identifier(group.title),
                dataset_config=group.title,
                dataset_name=f"{group.title}, {counted_sites(len(group.sites), group.unseen)}",
                metric_type=metric,
                metric_name=described,
                metric_value=round(value, digits),
            )


def _track_results(scale: int, key: str, track: Track) -> Iterator[EvalResult]:
    sites, views = counted_sites(len(track.sites), track.unseen), track.most_views
    figures = (
        ("psnr", "PSNR, dB", track.mean["model"][views]),
        ("psnr_gain", "PSNR over one view, dB", track.gain_db),
    )
    for metric, described, value in figures:
        yield EvalResult(
            task_type="image-to-image",
            task_name=f"Multi-image super-resolution x{scale}",
            dataset_type=track.dataset or _identifier(track.title),
            dataset_config=f"track {key}",
            dataset_name=f"Track {key}, {track.title}, {sites}, {views} views",
            metric_type=metric,
            metric_name=described,
            metric_value=round(value, 2),
        )


def _identifier(title: str) -> str:
    """Return a title in lower case, with hyphens for everything but letters and digits."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
