"""Adversarial training: its rules, and the losses of discriminator and generator from their logits."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from rs_srgan.errors import InputError

AdversarialLoss = Literal["bce", "relativistic", "relativistic_average", "wasserstein"]


@dataclass(frozen=True)
class AdversarialConfig:
    """Rules of adversarial training.

    Attributes:
        loss: kind of adversarial loss; see `discriminator_loss`.
        share: norm of the adversarial gradient at the SR image, as a share of the norm of the reconstruction gradient.
            It means the same for every loss, discriminator and range of values.
        weight: fixed weight of the adversarial loss, used instead of `share`; 1e-3 in the recipe of SRGAN.
        generator_only: number of iterations at the start without a discriminator.
        discriminator_only: number of iterations after that in which only the discriminator learns.
        ramp: share of the rest of the run over which `share` rises from 0.
        label_smoothing: difference of the target of real images to 1.
        noise_consistency: weight of the squared change of the discriminator's mean logit when noise is added to HR,
            with a standard deviation of 0.1 of the normalised image. Source: Zhao et al. 2020, with noise as transform.
        r1: weight of the discriminator's squared gradient at HR images.
        penalty_every: number of iterations between two uses of `noise_consistency` and `r1`.
        feature_matching: weight of the distance between the discriminator's features of SR and HR, within `share`.
    """

    loss: AdversarialLoss = "relativistic"
    share: float = 1.0
    weight: float | None = None
    generator_only: int = 0
    discriminator_only: int = 200
    ramp: float = 0.2
    label_smoothing: float = 0.0
    noise_consistency: float = 50.0
    r1: float = 0.0
    penalty_every: int = 4
    feature_matching: float = 0.0

    def __post_init__(self) -> None:
        for name in ("generator_only", "discriminator_only", "noise_consistency", "r1", "share", "feature_matching"):
            if getattr(self, name) < 0:
                raise InputError(f"adversarial.{name} is {getattr(self, name)}; expected 0 or more.")
        if self.weight is not None and self.weight < 0:
            raise InputError(f"adversarial.weight is {self.weight}; expected 0 or more, or null to use share.")
        if not 0 <= self.label_smoothing < 1:
            raise InputError(f"adversarial.label_smoothing is {self.label_smoothing}; expected 0 or more, below 1.")
        if self.loss == "wasserstein" and not self.r1:
            raise InputError("adversarial.loss is wasserstein and r1 is 0; expected r1 above 0, for example r1: 1.0.")
        if self.penalty_every < 1:
            raise InputError(f"adversarial.penalty_every is {self.penalty_every}; expected at least 1.")


def discriminator_loss(kind: AdversarialLoss, real: Tensor, fake: Tensor, smoothing: float = 0.0) -> Tensor:
    """Return the loss that the discriminator minimises.

    Args:
        kind: "bce" (Goodfellow et al. 2014); "relativistic", which compares each image with its counterpart;
            "relativistic_average", which compares it with the mean of the batch (Jolicoeur-Martineau 2019); or
            "wasserstein" (Arjovsky et al. 2017), which needs R1.
        real: logits of HR.
        fake: logits of SR, of the same shape.
        smoothing: difference of the target of real images to 1; without effect on "wasserstein".
    """
    if kind == "wasserstein":
        return fake.mean() - real.mean()
    real, fake = _compared(kind, real, fake)
    loss = F.binary_cross_entropy_with_logits(real, torch.full_like(real, 1 - smoothing))
    if kind != "relativistic":  # whose second half is the same number
        loss = loss + F.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
    return loss


def generator_loss(kind: AdversarialLoss, real: Tensor, fake: Tensor) -> Tensor:
    """Return the loss that the generator minimises; see `discriminator_loss`."""
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
    """Return a value that rises from 0 to 1 along a half cosine over the first part of a stage.

    Args:
        done: share of the stage that is done, 0 to 1.
        share: share of the stage over which the value rises.
    """
    if done >= share:
        return 1.0
    return 0.5 - 0.5 * float(torch.cos(torch.tensor(torch.pi * done / share)))
