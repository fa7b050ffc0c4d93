"""GANModule: the stage that trains a generator against a discriminator."""

import dataclasses
import warnings
from typing import Any

import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, ReduceLROnPlateau

from rs_srgan.errors import InputError
from rs_srgan.models import SISR
from rs_srgan.sensors.projection import bicubic
from train.adversarial import AdversarialConfig, discriminator_loss, generator_loss, ramp
from train.data.batch import Batch
from train.discriminators import DiscriminatorConfig, Judgement, feature_distance, make_discriminator
from train.losses import ReconstructionWeights, require_a_loss
from train.module import BORDER_LR_PX, SRModule
from train.perceptual import Perceptual, make_perceptual
from train.schedule import on_plateau, require_end, require_positive

# Decay of the moving average that balances the losses by their gradients.
_BALANCE_DECAY = 0.98
# Standard deviation of the noise on the normalised image, for finite differences and for `noise_consistency`.
_STEP = 0.1
# Weight of the squared logits. Without it their mean can drift away, because relativistic rules only compare logits.
# Source: Karras et al. 2018.
_DRIFT = 1e-3


class GANModule(SRModule):
    """GAN stage: trains a model against a discriminator. See `SRModule`.

    The discriminator is the first to move in every iteration. The generator's gradient is composed at the SR image,
    where the adversarial part is scaled to a share of the reconstruction part.

    Lightning counts the steps of both optimisers; `iterations` counts batches.

    Args:
        discriminator: the discriminator network.
        adversarial: the rules.
        weights: weights of the reconstruction terms.
        perceptual: pretrained network for a distance of features, "vgg19" or "lpips"; null for none.
        perceptual_weight: weight of that distance.
        learning_rate: peak learning rate of the generator.
        discriminator_rate: peak learning rate of the discriminator.
        warmup_steps: number of steps to reach both peaks.
        gradient_clip: greatest norm of the gradients of each network.
        **shared: parameters of `SRModule`.
    """

    def __init__(
        self,
        *,
        discriminator: DiscriminatorConfig = DiscriminatorConfig(),  # frozen
        adversarial: AdversarialConfig = AdversarialConfig(),  # frozen
        weights: ReconstructionWeights = ReconstructionWeights(),  # frozen
        perceptual: Perceptual | None = None,
        perceptual_weight: float = 0.0,
        learning_rate: float = 1e-4,
        discriminator_rate: float = 1e-4,
        warmup_steps: int = 100,
        gradient_clip: float = 1.0,
        **shared: Any,  # noqa: ANN401
    ) -> None:
        require_positive("discriminator_rate", discriminator_rate)
        if perceptual_weight < 0 or bool(perceptual) != bool(perceptual_weight):
            raise InputError(
                f"perceptual is {perceptual or 'null'} and perceptual_weight is {perceptual_weight}; expected both or "
                "neither: perceptual: vgg19 with perceptual_weight: 6.0e-3, as in SRGAN's paper, or leave both out."
            )
        if not perceptual:
            require_a_loss(weights)
        super().__init__(weights=weights, learning_rate=learning_rate, warmup_steps=warmup_steps, **shared)
        self.automatic_optimization = False
        if self.init_from is not None:  # `detail` 0 of the trained model gives the result of its base model
            base_model = self.model.config.base_model or self.init_from
            self.model.config = dataclasses.replace(self.model.config, base_model=base_model)
        if isinstance(self.model, SISR) and self.model.uncertainty is not None:  # it knows the errors of the start only
            self.model.uncertainty = None
            self.model.config = dataclasses.replace(self.model.config, uncertainty=False)
        self.discriminator = make_discriminator(discriminator, len(self.bands))
        self.conditional, self.adversarial = discriminator.conditional, adversarial
        self._discriminator_config = discriminator
        # 0.3 for land, 1 for photographs.
        white = self.model.config.reflectance_mean + self.model.config.reflectance_std
        self.perceptual = make_perceptual(perceptual, self.bands, white) if perceptual else None
        self.perceptual_weight = perceptual_weight
        self.discriminator_rate, self.gradient_clip = discriminator_rate, gradient_clip
        self.iterations = 0
        self._balance = 0.0  # the smoothed ratio of the two gradients

    @property
    def steps_done(self) -> int:
        """Iterations; the count of Lightning includes the steps of both optimisers."""
        return self.iterations

    @property
    def peak_rates(self) -> list[float]:
        """Peak learning rates of the generator and the discriminator."""
        return [self.learning_rate, self.discriminator_rate]

    @property
    def best_by(self) -> str | None:
        """Return None: PSNR falls in this stage, so it does not tell which model is the best."""
        return None

    def training_step(self, batch: Batch, batch_idx: int) -> None:
        """Train both networks for one iteration.

        Raises:
            FloatingPointError: an image or a loss is not finite.
        """
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
        with warnings.catch_warnings():  # a network that waits has had no step yet, and its schedule goes on
            warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step")
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
                f"The discriminator {self._discriminator_config.name} gets {seen} pixels of a training crop; expected "
                f"at least {smallest}. Set crop_lr_px to {least} or more, or choose another discriminator."
            )

    def judge(self, image: Tensor, coarse: Tensor | None) -> Judgement:
        """Return the discriminator's features and logits in float32.

        Args:
            image: reflectance, (B, C, H, W).
            coarse: the enlarged LR image, of the same shape, for a conditional discriminator.
        """
        config = self.model.config
        seen = image if coarse is None else torch.cat([image, coarse], dim=1)
        seen = ((seen - config.reflectance_mean) / config.reflectance_std).contiguous(memory_format=torch.channels_last)
        features, logits = self.discriminator(seen)
        return [each.float() for each in features], logits.float()

    def judge_both(self, hr: Tensor, sr: Tensor, coarse: Tensor | None) -> tuple[Judgement, Judgement]:
        """Return the judgements of HR and SR from one batch; batch norm over each alone would hide their difference."""
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
        self.log_means({"train/discriminator": terms.pop("discriminator")}, prog_bar=True)
        self.log_means(
            {
                **{f"train/{name}": value for name, value in terms.items()},
                "train/D(x)": real.detach().sigmoid().mean(),
                "train/D(G(x))": fake.detach().sigmoid().mean(),
                # 0.5 is chance; 1 means that the discriminator always tells HR and SR apart.
                "train/told_apart": (real > fake).float().mean(),
            }
        )

    def squared_gradient(self, hr: Tensor, coarse: Tensor | None) -> Tensor:
        """Return R1: an estimate of half the squared gradient of the mean logit at the normalised HR.

        Central differences along a random direction need no second derivative. Source: Mescheder et al. 2018.
        """
        step = _STEP * self._noise(hr)
        return 0.5 * ((self._difference(hr + step, hr - step, coarse) / (2 * _STEP)) ** 2).mean()

    def _answer_to_noise(self, hr: Tensor, coarse: Tensor | None) -> Tensor:
        return (self._difference(hr + _STEP * self._noise(hr), hr, coarse) ** 2).mean()

    def _noise(self, hr: Tensor) -> Tensor:
        random = torch.Generator(hr.device).manual_seed(self.iterations)  # a resumed run repeats it
        return torch.randn(hr.shape, generator=random, device=hr.device) * self.model.config.reflectance_std

    def _difference(self, image: Tensor, other: Tensor, coarse: Tensor | None) -> Tensor:
        """Return the difference of the mean logits of two images, in float32, because in bf16 it would be noise."""
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
            self.log_means({"train/perceptual": distance})
            reconstruction = reconstruction + distance
        gradient = _gradient(reconstruction, image)
        if playing:
            gradient = gradient + self.adversarial_gradient(image, hr, coarse, gradient.norm())
        optimizer.zero_grad()
        # The gradient of this product at SR is `gradient`.
        self.manual_backward((sr * gradient).sum())
        optimizer.step()
        self.log_means({"train/loss": reconstruction}, prog_bar=True)

    def adversarial_gradient(self, image: Tensor, hr: Tensor, coarse: Tensor | None, against: Tensor) -> Tensor:
        """Return the adversarial gradient at the SR image, scaled to its share of the reconstruction gradient.

        Args:
            image: SR, reflectance, (B, C, H, W), which requires a gradient.
            hr: the truth, of the same shape.
            coarse: the enlarged LR image, for a conditional discriminator.
            against: norm of the reconstruction gradient.
        """
        rules = self.adversarial
        (real_features, real), (features, fake) = self.judge_both(hr, image, coarse)
        loss = generator_loss(rules.loss, real, fake)
        if rules.feature_matching:
            loss = loss + rules.feature_matching * feature_distance(real_features, features)
        self.require_finite({"adversarial": loss})
        gradient = _gradient(loss, image)
        norm = float(gradient.norm())
        if norm > 0:  # the gradient is 0, and there is no ratio, if the discriminator cannot tell HR and SR apart
            ratio = float(against) / norm
            self._balance = _BALANCE_DECAY * self._balance + (1 - _BALANCE_DECAY) * ratio if self._balance else ratio
        rising = ramp(self._share_of_stage(), rules.ramp)
        share = rising * (rules.share if rules.weight is None else rules.weight / max(self._balance, 1e-20))
        self.log_dict({"train/adversarial": loss.detach(), "train/adversarial_share": share})
        return share * self._balance * gradient

    def _share_of_stage(self) -> float:
        """Return the share of the adversarial part of the run that is done."""
        before = self.adversarial.generator_only + self.adversarial.discriminator_only
        done = self.progress()
        began = done * before / max(1, self.iterations)  # start of that part, as a share of the run
        return (done - began) / max(1e-6, 1 - began)

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip the gradients; at this point the scaling of fp16 is undone."""
        self.clip_gradients(optimizer, self.gradient_clip, "norm")

    def on_validation_epoch_end(self) -> None:
        """Log the figures, and pass PSNR to the schedules "plateau"."""
        super().on_validation_epoch_end()
        if not self.trainer.sanity_checking:
            for scheduler in _schedulers(self):
                if isinstance(scheduler, ReduceLROnPlateau):
                    scheduler.step(self.trainer.callback_metrics["val/psnr"])

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add the number of iterations and the balance of the losses."""
        super().on_save_checkpoint(checkpoint)
        checkpoint["gan"] = {"iterations": self.iterations, "balance": self._balance}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the number of iterations and the balance of the losses."""
        super().on_load_checkpoint(checkpoint)
        self.iterations, self._balance = checkpoint["gan"]["iterations"], checkpoint["gan"]["balance"]

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return Adam for both networks, and the schedules.

        The first moment is short (0.5), because the opponent of each network moves.
        """
        require_end(self.trainer)
        generator = torch.optim.Adam(self.model.parameters(), self.learning_rate, betas=(0.5, 0.99))
        discriminator = torch.optim.Adam(self.discriminator.parameters(), self.discriminator_rate, betas=(0.5, 0.99))
        both = [generator, discriminator]
        if self.schedule == "plateau":
            return both, [on_plateau(each) for each in both]
        return both, [LambdaLR(each, self.rate) for each in both]


def _gradient(loss: Tensor, image: Tensor) -> Tensor:
    """Return the gradient of a mean over pixels, computed from their sum: the mean's is too small for float16."""
    (gradient,) = torch.autograd.grad(loss * image.numel(), image)
    return gradient / image.numel()


def _both(optimizers: Any) -> tuple[LightningOptimizer, LightningOptimizer]:  # noqa: ANN401
    generator, discriminator = optimizers
    return generator, discriminator


def _schedulers(module: GANModule) -> list[LRScheduler | ReduceLROnPlateau]:
    schedulers = module.lr_schedulers()
    return list(schedulers) if isinstance(schedulers, list) else []
