"""Batches: the dictionaries that data modules make and the stages of training read, every value by its name."""

from typing import NotRequired, TypedDict

from torch import Tensor


class Sample(TypedDict):
    """One item of a dataset.

    Attributes:
        hr: the truth, reflectance, (C, H, W); in guided datasets with the guide bands behind the model's bands.
        lr: reflectance, (C, h, w) or (T, C, h, w), where the dataset has real LR images.
        dates: HR images of several dates, reflectance, (K, C, H, W); the first one is `hr`.
        site: name of the place; in validation only.
        group: name of the group of sites that validation averages over; in validation only.
    """

    hr: Tensor
    lr: NotRequired[Tensor]
    dates: NotRequired[Tensor]
    site: NotRequired[str]
    group: NotRequired[str]


class Loaded(TypedDict):
    """Samples that a DataLoader stacked; `site` and `group` are lists with one name for each sample."""

    hr: Tensor
    lr: NotRequired[Tensor]
    dates: NotRequired[Tensor]
    site: NotRequired[list[str]]
    group: NotRequired[list[str]]


class Batch(TypedDict):
    """Input of a training or validation step.

    Attributes:
        lr: reflectance, (B, C, h, w) for a model of one image; (B, T, C, h, w) for a model of several, the reference
            first.
        hr: the truth, reflectance, (B, C, h * scale, w * scale).
        mask: True where a view is usable, bool, (B, T, h, w); all pixels are usable where it is missing.
        offsets: sub-pixel offsets of the views, rows and columns in LR pixels, (B, T, 2, h, w); zero where missing.
        guide: reflectance of the guide bands, (B, G, h * scale, w * scale), for models with guide bands.
        site: names of the places, one for each image; in validation only.
        group: names of the groups of sites that validation averages over; in validation only.
    """

    lr: Tensor
    hr: Tensor
    mask: NotRequired[Tensor]
    offsets: NotRequired[Tensor]
    guide: NotRequired[Tensor]
    site: NotRequired[list[str]]
    group: NotRequired[list[str]]


def batch_of(loaded: Loaded, lr: Tensor) -> Batch:
    """Return the batch of a training or validation step.

    Args:
        loaded: samples as the DataLoader stacked them.
        lr: their LR images, reflectance, (B, C, h, w) or (B, T, C, h, w).
    """
    batch: Batch = {"lr": lr, "hr": loaded["hr"]}
    if "site" in loaded:
        batch["site"], batch["group"] = loaded["site"], loaded["group"]
    return batch
