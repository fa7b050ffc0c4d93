"""Validation figures: PSNR, gain over the baseline and spectrum of whole images, averaged over sites and groups."""

from collections.abc import Iterable
from typing import NamedTuple

import lightning as L
import torch
from torch import Tensor

from rs_srgan.evaluation.metrics.psnr import psnr
from rs_srgan.evaluation.metrics.spectrum import spectrum_db
from rs_srgan.evaluation.protocol import BORDER_HR_PX

# Frequencies of the spectrum figures, shares of the Nyquist frequency.
SPECTRUM_AT = (0.3, 0.5, 0.7, 0.9)


class ImageFigures(NamedTuple):
    """Figures of one validation image.

    Attributes:
        number: index of the image in the dataset.
        group: name of the group of the site.
        site: name of the site.
        figures: PSNR of SR, PSNR of the baseline, and levels of SR's spectrum against HR at `SPECTRUM_AT`; all dB.
    """

    number: int
    group: str
    site: str
    figures: list[float]


def figures_of(sr: Tensor, hr: Tensor, baseline: Tensor) -> list[float]:
    """Return the figures of one image; see `ImageFigures`.

    Args:
        sr: reflectance, (1, C, H, W).
        hr: the truth, of the same shape.
        baseline: the result without learning, of the same shape.
    """
    border = border_of(hr)
    inner = (0, slice(None), slice(border, hr.shape[2] - border), slice(border, hr.shape[3] - border))
    restored, simple, truth = (image[inner].float().cpu().numpy() for image in (sr, baseline, hr))
    return [psnr(restored, truth), psnr(simple, truth), *spectrum_db(restored, truth, SPECTRUM_AT)]


def border_of(hr: Tensor) -> int:
    """Return the width of the border that validation leaves out, HR pixels; smaller in small images."""
    return min(BORDER_HR_PX, (min(hr.shape[2:]) - 1) // 4)


def from_all_processes(figures: list[ImageFigures], trainer: L.Trainer) -> list[ImageFigures]:
    """Return the figures of all processes; an image that two of them had counts once."""
    if trainer.world_size > 1:
        gathered: list[list[ImageFigures]] = [[] for _ in range(trainer.world_size)]
        torch.distributed.all_gather_object(gathered, figures)
        figures = sorted(item for each in gathered for item in each)
    # The sampler repeats the first images to give every process as many.
    size = len(trainer.val_dataloaders.dataset)  # type: ignore[union-attr]
    return [each for each in figures if each.number < size]


def group_means(figures: Iterable[ImageFigures]) -> dict[str, Tensor]:
    """Return the mean figures of each group: means of images over a site, then means of sites over the group."""
    sites: dict[tuple[str, str], list[list[float]]] = {}
    for each in figures:
        sites.setdefault((each.group, each.site), []).append(each.figures)
    groups: dict[str, list[Tensor]] = {}
    for (group, _), images in sites.items():
        groups.setdefault(group, []).append(torch.tensor(images).mean(0))
    return {group: torch.stack(means).mean(0) for group, means in groups.items()}


def logged(means: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the figures by their names in the log: those of each group, and their means over the groups."""
    values: dict[str, Tensor] = {}
    overall = torch.stack(list(means.values())).mean(0)
    for suffix, mean in [*((f"_{group}", mean) for group, mean in means.items()), ("", overall)]:
        values[f"val/psnr{suffix}"] = mean[0]
        values[f"val/gain{suffix}"] = mean[0] - mean[1]
        for frequency, level in zip(SPECTRUM_AT, mean[2:], strict=True):
            values[f"val/spectrum{suffix}_{frequency}"] = level
    return values
