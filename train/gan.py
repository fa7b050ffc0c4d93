"""The GAN stage: a generator that has learned to be right learns to look right."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, ReduceLROnPlateau

from rs_srgan.errors import InputError
from rs_srgan.models import SISRConfig
from rs_srgan.sensors.projection import bicubic
from train.adversarial import AdversarialLoss, discriminator_loss, generator_loss, ramp
from train.discriminators import DiscriminatorConfig, Judgement, feature_distance, make_discriminator
from train.losses import ReconstructionWeights
from train.module import BORDER_LR_PX, Schedule, SRModule, on_plateau, require_a_loss, require_positive
from train.perceptual import Perceptual, make_perceptual
from train.start import FusionConfig

# How fast the balance between the losses follows their gradients.
_BALANCE_DECAY = 0.98
# Of the normalised image: for the discriminator's gradient by finite differences, and as noise that it should overlook.
_STEP = 0.1
# Weight of the squared logits: rules that only compare two logits leave their mean free to run away.
# Source: Karras et al. 2018.
_DRIFT = 1e-3


@dataclass(frozen=True)
class AdversarialConfig:
    """How the two play.

    Attributes:
        loss: see `discriminator_loss`.
        share: how strong the adversarial gradient is at the SR image, in units of the reconstruction's; so it means
            the same for every loss, discriminator and range of values.
        weight: instead, a fixed weight of the adversarial loss, as in SRGAN's own recipe: 1e-3.
        generator_only: iterations at the beginning without a discriminator.
        discriminator_only: iterations after that in which the generator waits.
        ramp: share of the rest over which `share` rises from 0.
        label_smoothing: what the targets of real images lack to 1.
        noise_consistency: weight of the squared change of the discriminator's mean logit when noise of a tenth of the
            normalised image's unit is laid over HR. Source: Zhao et al. 2020, with noise as the transform.
        r1: weight of the discriminator's squared gradient at HR images.
        penalty_every: how many iterations these two are apart.
        feature_matching: weight of the distance between the discriminator's features of SR and HR, in `share`.
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
            raise InputError(f"adversarial.weight is {self.weight}; expected 0 or more, or none for share.")
        if not 0 <= self.label_smoothing < 1:
            raise InputError(f"adversarial.label_smoothing is {self.label_smoothing}; expected 0 or more, below 1.")
        if self.loss == "wasserstein" and not self.r1:
            raise InputError("adversarial.loss is wasserstein and r1 is 0; expected r1 above 0, such as r1: 1.0.")
        if self.penalty_every < 1:
            raise InputError(f"adversarial.penalty_every is {self.penalty_every}; expected at least 1.")


class GANModule(SRModule):
    """Trains a `SISR` model against a discriminator. See `SRModule`.

    In every iteration the discriminator moves first. The generator's gradient is put together at the SR image, where
    the adversarial part is scaled to a share of the reconstruction's.

    Lightning counts the steps of both optimisers; `iterations` counts batches.

    Args:
        config: of a new model.
        init_from: instead, the model to start from: usually one of the PSNR stage.
        fusion: makes a MISR model of that.
        discriminator: the network.
        adversarial: the rules.
        weights: of the reconstruction terms.
        perceptual: distance of features of a pretrained network, "vgg19" or "lpips", or none.
        perceptual_weight: of it.
        learning_rate: of the generator, at its peak.
        discriminator_rate: the discriminator's.
        warmup_steps: to reach them.
        schedule: of both: "cosine" or "plateau".
        gradient_clip: largest norm of either's gradients.
    """

    def __init__(
        self,
        config: SISRConfig | None = None,
        init_from: str | None = None,
        fusion: FusionConfig | None = None,
        discriminator: DiscriminatorConfig = DiscriminatorConfig(),  # frozen
        adversarial: AdversarialConfig = AdversarialConfig(),  # frozen
        weights: ReconstructionWeights = ReconstructionWeights(),  # frozen
        perceptual: Perceptual | None = None,
        perceptual_weight: float = 0.0,
        learning_rate: float = 1e-4,
        discriminator_rate: float = 1e-4,
        warmup_steps: int = 100,
        schedule: Schedule = "cosine",
        gradient_clip: float = 1.0,
    ) -> None:
        require_positive("discriminator_rate", discriminator_rate)
        if perceptual_weight < 0 or bool(perceptual) != bool(perceptual_weight):
            raise InputError(
                f"perceptual is {perceptual or 'none'} and perceptual_weight {perceptual_weight}; expected both or "
                "neither: perceptual: vgg19 with perceptual_weight: 6.0e-3, as in SRGAN's paper, or leave both out."
            )
        if not perceptual:
            require_a_loss(weights)
        super().__init__(config, init_from, fusion, weights, learning_rate, warmup_steps, schedule)
        self.automatic_optimization = False
        if init_from is not None:  # so that the model knows what its `detail` 0 is
            base_model = self.model.config.base_model or str(init_from)
            self.model.config = dataclasses.replace(self.model.config, base_model=base_model)
        self.discriminator = make_discriminator(discriminator, len(self.bands))
        self.conditional, self.adversarial = discriminator.conditional, adversarial
        self._discriminator_config = discriminator
        # 0.3 for land, 1 for photographs
        white = self.model.config.reflectance_mean + self.model.config.reflectance_std
        self.perceptual = make_perceptual(perceptual, self.bands, white) if perceptual else None
        self.perceptual_weight = perceptual_weight
        self.discriminator_rate, self.gradient_clip = discriminator_rate, gradient_clip
        self.iterations = 0
        self._balance = 0.0  # the smoothed ratio of the two gradients

    @property
    def steps_done(self) -> int:
        """Iterations: Lightning's own count has the steps of both optimisers in it."""
        return self.iterations

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        """One iteration of both networks."""
        self.require_data(batch)
        generator, discriminator = _both(self.optimizers())
        rules, playing = self.adversarial, self.iterations >= self.adversarial.generator_only
        waiting = playing and self.iterations < rules.generator_only + rules.discriminator_only
        hr = self.inner(batch["hr"])
        self._require_size(hr)
        coarse = self.inner(bicubic(self.reference(batch), self.scale)) if self.conditional else None
        with torch.set_grad_enabled(not waiting):
            sr = self.inner(self(batch))
        if playing:
            self._discriminator_step(discriminator, sr.detach(), hr, coarse)
        if not waiting:
            self._generator_step(generator, sr, hr, coarse if playing else None, playing)
        for scheduler in _schedulers(self):
            if not isinstance(scheduler, ReduceLROnPlateau):
                scheduler.step()
        self.iterations += 1
        self.log("train/iterations", float(self.iterations))

    def _require_size(self, hr: Tensor) -> None:
        seen, smallest = min(hr.shape[-2:]), self._discriminator_config.smallest_px
        if seen < smallest:
            least = -(-smallest // self.scale) + 2 * BORDER_LR_PX
            raise InputError(
                f"The discriminator {self._discriminator_config.name} sees {seen} pixels of a training crop; expected "
                f"at least {smallest}. Set crop_lr_px to {least} or more, or choose another discriminator."
            )

    def judge(self, image: Tensor, coarse: Tensor | None) -> Judgement:
        """The discriminator's features and logits, in float32, of a reflectance image and its enlarged LR."""
        config = self.model.config
        seen = image if coarse is None else torch.cat([image, coarse], dim=1)
        seen = ((seen - config.reflectance_mean) / config.reflectance_std).contiguous(memory_format=torch.channels_last)
        features, logits = self.discriminator(seen)
        return [each.float() for each in features], logits.float()

    def judge_both(self, hr: Tensor, sr: Tensor, coarse: Tensor | None) -> tuple[Judgement, Judgement]:
        """Of HR and SR in one batch: batch norm of each alone would hide what tells them apart."""
        features, logits = self.judge(torch.cat([hr, sr]), None if coarse is None else torch.cat([coarse, coarse]))
        halves = [each.chunk(2) for each in features]
        real, fake = logits.chunk(2)
        return ([half[0] for half in halves], real), ([half[1] for half in halves], fake)

    def _discriminator_step(self, optimizer: LightningOptimizer, sr: Tensor, hr: Tensor, coarse: Tensor | None) -> None:
        rules = self.adversarial
        (_, real), (_, fake) = self.judge_both(hr, sr, coarse)
        terms = {
            "discriminator": discriminator_loss(rules.loss, real, fake, rules.label_smoothing),
            "drift": _DRIFT * (real**2).mean(),
        }
        if self.iterations % rules.penalty_every == 0:
            if rules.noise_consistency:
                weight = rules.noise_consistency * rules.penalty_every
                terms["noise_consistency"] = weight * self._answer_to_noise(hr, coarse)
            if rules.r1:
                terms["r1"] = rules.r1 * rules.penalty_every * self.squared_gradient(hr, coarse)
        self.require_finite(terms)
        optimizer.zero_grad()
        self.manual_backward(torch.stack(list(terms.values())).sum())
        optimizer.step()
        self.log("train/discriminator", terms.pop("discriminator").detach(), prog_bar=True)
        self.log_dict(
            {
                **{f"train/{name}": value.detach() for name, value in terms.items()},
                "train/D(x)": real.detach().sigmoid().mean(),
                "train/D(G(x))": fake.detach().sigmoid().mean(),
                # 0.5: it cannot tell; 1: it always can
                "train/told_apart": (real > fake).float().mean(),
            }
        )

    def squared_gradient(self, hr: Tensor, coarse: Tensor | None) -> Tensor:
        """R1 (Mescheder et al. 2018): half the squared gradient of the mean logit at the normalised HR, in expectation.

        By central differences along a random direction, which need no second derivative.
        """
        step = _STEP * self._noise(hr)
        return 0.5 * ((self._difference(hr + step, hr - step, coarse) / (2 * _STEP)) ** 2).mean()

    def _answer_to_noise(self, hr: Tensor, coarse: Tensor | None) -> Tensor:
        return (self._difference(hr + _STEP * self._noise(hr), hr, coarse) ** 2).mean()

    def _noise(self, hr: Tensor) -> Tensor:
        random = torch.Generator(hr.device).manual_seed(self.iterations)  # the same again after a resume
        return torch.randn(hr.shape, generator=random, device=hr.device) * self.model.config.reflectance_std

    def _difference(self, image: Tensor, other: Tensor, coarse: Tensor | None) -> Tensor:
        """Of the mean logits of two images, in float32: in bf16 it would be noise."""
        with torch.autocast(image.device.type, enabled=False):
            (_, first), (_, second) = self.judge_both(image, other, coarse)
        return (first - second).flatten(1).mean(1)

    def _generator_step(
        self, optimizer: LightningOptimizer, sr: Tensor, hr: Tensor, coarse: Tensor | None, playing: bool
    ) -> None:
        image = sr.detach().requires_grad_()
        reconstruction = self.reconstruction(image, hr)
        if self.perceptual:
            distance = self.perceptual_weight * self.perceptual(image, hr)
            self.require_finite({"perceptual": distance})
            self.log("train/perceptual", distance.detach())
            reconstruction = reconstruction + distance
        gradient = _gradient(reconstruction, image)
        if playing:
            gradient = gradient + self._adversarial_gradient(image, hr, coarse, gradient.norm())
        optimizer.zero_grad()
        # the loss whose gradient at SR is the one put together
        self.manual_backward((sr * gradient).sum())
        optimizer.step()
        self.log("train/loss", reconstruction.detach(), prog_bar=True)

    def _adversarial_gradient(self, image: Tensor, hr: Tensor, coarse: Tensor | None, against: Tensor) -> Tensor:
        """Scaled to the share that the rules give it at this moment, of `against`."""
        rules = self.adversarial
        (real_features, real), (features, fake) = self.judge_both(hr, image, coarse)
        loss = generator_loss(rules.loss, real, fake)
        if rules.feature_matching:
            loss = loss + rules.feature_matching * feature_distance(real_features, features)
        self.require_finite({"adversarial": loss})
        gradient = _gradient(loss, image)
        if (
            norm := float(gradient.norm())
        ) > 0:  # nothing to be scaled, and no ratio, where the two cannot be told apart
            ratio = float(against) / norm
            self._balance = _BALANCE_DECAY * self._balance + (1 - _BALANCE_DECAY) * ratio if self._balance else ratio
        rising = ramp(self._share_of_stage(), rules.ramp)
        share = rising * (rules.share if rules.weight is None else rules.weight / max(self._balance, 1e-20))
        self.log_dict({"train/adversarial": loss.detach(), "train/adversarial_share": share})
        return share * self._balance * gradient

    def _share_of_stage(self) -> float:
        """How much of the adversarial part of the run is done."""
        before = self.adversarial.generator_only + self.adversarial.discriminator_only
        done = self.progress()
        began = done * before / max(1, self.iterations)  # where that part began, in units of the run
        return (done - began) / max(1e-6, 1 - began)

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip here, where fp16's scaling is undone already."""
        self.clip_gradients(optimizer, self.gradient_clip, "norm")

    def on_validation_epoch_end(self) -> None:
        """Also tell the plateau schedules."""
        super().on_validation_epoch_end()
        if not self.trainer.sanity_checking:
            for scheduler in _schedulers(self):
                if isinstance(scheduler, ReduceLROnPlateau):
                    scheduler.step(self.trainer.callback_metrics["val/psnr"])

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what Lightning does not know of."""
        super().on_save_checkpoint(checkpoint)
        checkpoint["gan"] = {"iterations": self.iterations, "balance": self._balance}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on there."""
        super().on_load_checkpoint(checkpoint)
        self.iterations, self._balance = checkpoint["gan"]["iterations"], checkpoint["gan"]["balance"]

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Adam for both, without the memory of a first moment's long run that a moving opponent would mislead."""
        self.require_end()
        generator = torch.optim.Adam(self.model.parameters(), self.learning_rate, betas=(0.5, 0.99))
        discriminator = torch.optim.Adam(self.discriminator.parameters(), self.discriminator_rate, betas=(0.5, 0.99))
        both = [generator, discriminator]
        if self.schedule == "plateau":
            return both, [on_plateau(each) for each in both]
        return both, [LambdaLR(each, self.rate) for each in both]


def _gradient(loss: Tensor, image: Tensor) -> Tensor:
    """Of a mean over pixels at an image, by way of their sum: float16 has no numbers as small as the mean's."""
    (gradient,) = torch.autograd.grad(loss * image.numel(), image)
    return gradient / image.numel()


def _both(optimizers: Any) -> tuple[LightningOptimizer, LightningOptimizer]:  # noqa: ANN401
    generator, discriminator = optimizers
    return generator, discriminator


def _schedulers(module: GANModule) -> list[LRScheduler | ReduceLROnPlateau]:
    schedulers = module.lr_schedulers()
    return list(schedulers) if isinstance(schedulers, list) else []
