"""Validation figures: PSNR beside the baselines, and the spectrum, of whole images, averaged over sites and groups."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol, TypeVar

import lightning as L
import numpy as np
import torch
from torch import Tensor

from rs_srgan.evaluation.metrics.masks import filled, known
from rs_srgan.evaluation.metrics.psnr import psnr
from rs_srgan.evaluation.metrics.spectrum import SMALLEST_PX, spectrum_db, without_holes
from rs_srgan.evaluation.protocol import BORDER_HR_PX

# Frequencies of the spectrum figures, shares of the Nyquist frequency.
SPECTRUM_AT = (0.3, 0.5, 0.7, 0.9)


class Numbered(Protocol):
    """Something that belongs to one validation image; `number` is the image's index in the dataset."""

    @property
    def number(self) -> int:
        """Index of the image in the dataset."""


_Numbered = TypeVar("_Numbered", bound=Numbered)


class ImageFigures(NamedTuple):
    """Figures of one validation image.

    Attributes:
        number: index of the image in the dataset.
        group: name of the group of the site.
        site: name of the site.
        figures: PSNR of SR, of the baseline and of bicubic, and levels of SR's spectrum against HR at `SPECTRUM_AT`;
            all dB. The levels are NaN without a square of data that is large enough.
    """

    number: int
    group: str
    site: str
    figures: list[float]


def figures_of(sr: Tensor, hr: Tensor, baseline: Tensor, plain: Tensor) -> list[float]:
    """Return the figures of one image; see `ImageFigures`. Pixels without data in HR do not count.

    Args:
        sr: reflectance, (1, C, H, W).
        hr: the truth, of the same shape, NaN where there is no data.
        baseline: the result without learning, of the same shape.
        plain: the result of bicubic enlargement, of the same shape.
    """
    border = border_of(hr)
    inner = (0, slice(None), slice(border, hr.shape[2] - border), slice(border, hr.shape[3] - border))
    restored, simple, bicubic, truth = (image[inner].float().cpu().numpy() for image in (sr, baseline, plain, hr))
    if not np.isfinite(truth).any():
        return [np.nan] * (3 + len(SPECTRUM_AT))
    rows, cols = without_holes(known(truth))
    square = (slice(None), rows, cols)
    large = min(truth[square].shape[1:]) >= SMALLEST_PX
    levels = spectrum_db(restored[square], truth[square], SPECTRUM_AT) if large else [np.nan] * len(SPECTRUM_AT)
    return [psnr(restored, truth), psnr(simple, truth), psnr(bicubic, truth), *map(float, levels)]


def without_nan(images: Tensor) -> Tensor:
    """Return images (B, C, H, W) with values instead of NaN, those of the nearest pixels with data."""
    if torch.isfinite(images).all():
        return images
    return torch.stack([torch.from_numpy(filled(each.cpu().numpy())) for each in images]).to(images.device)


def border_of(hr: Tensor) -> int:
    """Return the width of the border that validation leaves out, HR pixels; smaller in small images."""
    return min(BORDER_HR_PX, (min(hr.shape[2:]) - 1) // 4)


def number_of(batch_idx: int, trainer: L.Trainer) -> int:
    """Return the index in the dataset of the validation image that this process has now."""
    return batch_idx * trainer.world_size + trainer.global_rank


def from_all_processes(own: list[_Numbered], trainer: L.Trainer) -> list[_Numbered]:
    """Return what all processes found, in the order of the images; an image that two of them had counts once.

    Args:
        own: what this process found.
        trainer: the trainer of the run.
    """
    found = own
    if trainer.world_size > 1:
        gathered: list[list[_Numbered]] = [[] for _ in range(trainer.world_size)]
        torch.distributed.all_gather_object(gathered, own)
        found = sorted((item for each in gathered for item in each), key=lambda item: item.number)
    # The sampler repeats the first images to give every process as many.
    size = len(trainer.val_dataloaders.dataset)  # type: ignore[union-attr]
    return [each for each in found if each.number < size]


def group_means(figures: Iterable[ImageFigures]) -> dict[str, Tensor]:
    """Return the mean figures of each group: means of images over a site, then means of sites over the group."""
    sites: dict[tuple[str, str], list[list[float]]] = {}
    for each in figures:
        sites.setdefault((each.group, each.site), []).append(each.figures)
    groups: dict[str, list[Tensor]] = {}
    for (group, _), images in sites.items():
        groups.setdefault(group, []).append(torch.tensor(images).nanmean(0))
    return {group: torch.stack(means).nanmean(0) for group, means in groups.items()}


def logged(means: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the figures by their names in the log: those of each group, and their means over the groups."""
    values: dict[str, Tensor] = {}
    overall = torch.stack(list(means.values())).nanmean(0)
    for suffix, mean in [*((f"_{group}", mean) for group, mean in means.items()), ("", overall)]:
        values[f"val/psnr{suffix}"] = mean[0]
        values[f"val/gain{suffix}"] = mean[0] - mean[1]
        for frequency, level in zip(SPECTRUM_AT, mean[3:], strict=True):
            values[f"val/spectrum{suffix}_{frequency}"] = level
    values["val/baseline"], values["val/bicubic"] = overall[1], overall[2]
    return values
