"""What discriminator and generator play for, from the logits of the real and the generated images."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

AdversarialLoss = Literal["bce", "relativistic", "relativistic_average", "wasserstein"]


def discriminator_loss(kind: AdversarialLoss, real: Tensor, fake: Tensor, smoothing: float = 0.0) -> Tensor:
    """What the discriminator minimises.

    Args:
        kind: "bce" (Goodfellow et al. 2014), "relativistic", each image against its own counterpart, or
            "relativistic_average", against the mean of the batch (Jolicoeur-Martineau 2019), or "wasserstein" (Arjovsky
            et al. 2017), which needs R1 beside it.
        real: logits of HR.
        fake: logits of SR; the same shape.
        smoothing: the target for the real images is 1 minus this; without effect on "wasserstein".
    """
    if kind == "wasserstein":
        return fake.mean() - real.mean()
    real, fake = _compared(kind, real, fake)
    loss = F.binary_cross_entropy_with_logits(real, torch.full_like(real, 1 - smoothing))
    if kind != "relativistic":  # there the other half is the same number
        loss = loss + F.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
    return loss


def generator_loss(kind: AdversarialLoss, real: Tensor, fake: Tensor) -> Tensor:
    """What the generator minimises; see `discriminator_loss`."""
    if kind == "wasserstein":
        return -fake.mean()
    real, fake = _compared(kind, real, fake)
    loss = F.binary_cross_entropy_with_logits(fake, torch.ones_like(fake))
    if kind == "relativistic_average":
        loss = loss + F.binary_cross_entropy_with_logits(real, torch.zeros_like(real))
    return loss


def _compared(kind: AdversarialLoss, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    if kind == "relativistic":
        return real - fake, fake - real
    if kind == "relativistic_average":
        return real - fake.mean(0, keepdim=True), fake - real.mean(0, keepdim=True)
    return real, fake


def ramp(done: float, share: float) -> float:
    """0 to 1 along a half cosine over the first `share` of a stage of which `done`, 0 to 1, is over."""
    if done >= share:
        return 1.0
    return 0.5 - 0.5 * float(torch.cos(torch.tensor(torch.pi * done / share)))
