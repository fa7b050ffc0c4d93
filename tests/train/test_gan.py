import dataclasses
import itertools
import math

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.plugins import MixedPrecision
from torch.utils.data import DataLoader

from rs_srgan import SISR, InputError, SISRConfig, load_model
from tests.train.test_module import SMALL, pairs, trainer
from train.callbacks import Averaging
from train.discriminators import DiscriminatorConfig
from train.gan import AdversarialConfig, GANModule

PATCH = DiscriminatorConfig("unet", channels=8)


def module(**options) -> GANModule:
    torch.manual_seed(0)
    rules = {"discriminator_only": 0, "ramp": 0.1} | options.pop("adversarial", {})
    return GANModule(
        config=SMALL, discriminator=PATCH, adversarial=AdversarialConfig(**rules), warmup_steps=1, **options
    )


def large_pairs(count=8, **options):
    """Return pairs with 64 HR pixels, of which the discriminator gets 48, without the border."""
    torch.manual_seed(0)
    hr = torch.rand(count, 4, 64, 64) * 0.3
    lr = torch.nn.functional.avg_pool2d(hr, 4)
    return DataLoader([{"hr": h, "lr": low} for h, low in zip(hr, lr, strict=True)], 2, **options)


class Watch(L.Callback):
    """Records which network moved in each iteration, and the logged values."""

    def __init__(self):
        self.moved, self.logged = [], []

    def on_train_batch_start(self, trainer, module, *_):
        self.before = weights(module)

    def on_train_batch_end(self, trainer, module, *_):
        after = weights(module)
        self.moved.append({name for name in after if not torch.equal(after[name], self.before[name])})
        self.logged.append({name: float(value) for name, value in trainer.callback_metrics.items()})


def weights(module):
    networks = {"generator": module.model, "discriminator": module.discriminator}
    return {name: torch.cat([p.detach().flatten() for p in net.parameters()]) for name, net in networks.items()}


def test_a_model_loses_the_uncertainty_head_of_its_start(tmp_path):
    """The head knows the errors of the start, and those of a GAN are others."""
    torch.manual_seed(0)
    SISR(dataclasses.replace(SMALL, uncertainty=True)).save_pretrained(tmp_path / "start")
    gan = GANModule(init_from=str(tmp_path / "start"), discriminator=PATCH)
    assert gan.model.config.uncertainty is False
    gan.model.save_pretrained(tmp_path / "trained")
    assert load_model(tmp_path / "trained").uncertainty is None


def test_first_the_generator_alone_then_the_discriminator_alone_then_both():
    watch = Watch()
    gan = module(adversarial={"generator_only": 2, "discriminator_only": 3})
    trainer(max_steps=2 + 3 + 2 * 2, callbacks=[watch]).fit(gan, large_pairs(32))
    both = {"generator", "discriminator"}
    assert watch.moved == [{"generator"}] * 2 + [{"discriminator"}] * 3 + [both] * 2
    assert gan.iterations == 7


LOSSES, NETWORKS = (
    ("bce", "relativistic", "relativistic_average", "wasserstein"),
    ("unet", "patchgan", "srgan", "esrgan"),
)
# Every loss and every discriminator once; the other pairs are slow.
QUICK = {*zip(LOSSES, NETWORKS, strict=True)}
PAIRS = [pytest.param(*p, marks=() if p in QUICK else pytest.mark.slow) for p in itertools.product(LOSSES, NETWORKS)]


@pytest.mark.parametrize(("loss", "name"), PAIRS)
def test_every_discriminator_learns_with_every_loss(loss, name):
    """Train with all pairs: pytest -m "slow or not slow" tests/train/test_gan.py."""
    rules = AdversarialConfig(
        loss=loss, discriminator_only=0, label_smoothing=0.1, feature_matching=1.0, r1=1.0, penalty_every=1
    )
    gan = GANModule(config=SMALL, discriminator=DiscriminatorConfig(name, 4, conditional=False), adversarial=rules)
    watch = Watch()
    trainer(max_steps=4, callbacks=[watch]).fit(gan, large_pairs())
    assert watch.moved == [{"generator", "discriminator"}] * 2
    assert all(0 <= watch.logged[-1][name] <= 1 for name in ("train/D(x)", "train/D(G(x))", "train/told_apart"))


def test_theadversarial_gradient_has_its_share_of_the_reconstructions():
    gan = module(adversarial={"share": 0.7, "ramp": 1e-9})
    norms = []

    def watched(image, hr, coarse, against):
        gradient = GANModule.adversarial_gradient(gan, image, hr, coarse, against)
        norms.append(float(gradient.norm() / against))
        return gradient

    gan.adversarial_gradient = watched
    trainer(max_steps=2).fit(gan, large_pairs())
    assert norms == [pytest.approx(0.7, rel=1e-3)]


def test_the_adversarial_share_rises_from_zero():
    watch = Watch()
    gan = module(adversarial={"share": 2.0, "ramp": 0.5})
    trainer(max_steps=16, callbacks=[watch]).fit(gan, large_pairs(32))
    shares = [logged["train/adversarial_share"] for logged in watch.logged]
    assert shares[0] < 0.1
    assert shares == sorted(shares)
    assert shares[0] < shares[2] < shares[5] == 2.0


def test_the_norm_of_clipped_gradients_is_within_the_limit():
    gan = module(gradient_clip=1e-3)
    norms = []

    def watched(optimizer):
        GANModule.on_before_optimizer_step(gan, optimizer)
        grads = [weight.grad.flatten() for group in optimizer.param_groups for weight in group["params"]]
        norms.append(float(torch.cat(grads).norm()))

    gan.on_before_optimizer_step = watched
    trainer(max_steps=4).fit(gan, large_pairs())
    assert len(norms) == 4
    assert max(norms) <= 1.01e-3


def test_resume_gives_identical_weights(tmp_path):
    def run(resume=None):
        gan = module()
        callbacks = [
            Averaging(decay=0.9),
            ModelCheckpoint(tmp_path, filename="{epoch}", save_top_k=-1, every_n_epochs=1),
        ]
        quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
        fit = L.Trainer(accelerator="cpu", max_epochs=2, callbacks=callbacks, **quiet)
        fit.fit(gan, large_pairs(), ckpt_path=resume)
        return gan

    whole = run()
    resumed = run(tmp_path / "epoch=0.ckpt")
    for (name, a), b in zip(whole.state_dict().items(), resumed.state_dict().values(), strict=True):
        assert torch.equal(a, b), name
    assert whole.iterations == resumed.iterations == 8


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_half_precision_learns_as_well(precision):
    watch = Watch()
    # On a CPU, Lightning replaces fp16 by bf16 if it is asked for by name.
    scaler = torch.amp.GradScaler("cpu", init_scale=1.0, growth_interval=1) if precision == "16-mixed" else None
    run = trainer(max_steps=4, callbacks=[watch], plugins=[MixedPrecision(precision, "cpu", scaler)])
    run.fit(module(adversarial={"r1": 1.0, "penalty_every": 1}), large_pairs())
    assert scaler is None or scaler.get_scale() > 1  # scaled steps were taken
    assert watch.moved[-1] == {"generator", "discriminator"}
    assert all(math.isfinite(value) for logged in watch.logged for value in logged.values())


def test_in_float16_theadversarial_gradient_points_where_it_does_in_float32():
    torch.manual_seed(1)
    hr = torch.rand(8, 4, 64, 64) * 0.3
    image = (hr + 0.01 * torch.randn_like(hr)).requires_grad_()

    def gradient(half):
        gan = module(adversarial={"share": 1.0, "ramp": 1e-9})
        gan.log = gan.log_dict = lambda *_, **__: None
        gan.progress = lambda: 1.0
        with torch.autocast("cpu", torch.float16, enabled=half):  # Lightning has no fp16 on a CPU
            return gan.adversarial_gradient(image, hr, hr, torch.tensor(1.0)).flatten()

    assert torch.cosine_similarity(gradient(False), gradient(True), dim=0) > 0.99


def test_r1_is_the_squared_gradient():
    gan = module()
    torch.manual_seed(1)
    hr = torch.rand(2, 4, 32, 32) * 0.3
    coarse = hr.clone()
    with torch.no_grad():  # larger weights give clear logits
        for weight in gan.discriminator.parameters():
            weight.mul_(1.5)
    image = hr.clone().requires_grad_()
    _, logits = gan.judge(image, coarse)
    (exact,) = torch.autograd.grad(logits.flatten(1).mean(1).sum(), image)
    exact = 0.5 * ((exact * gan.model.config.reflectance_std) ** 2).flatten(1).sum(1).mean()
    estimates = []
    for gan.iterations in range(100):  # one direction each
        with torch.no_grad():
            estimates.append(gan.squared_gradient(hr, coarse))
    assert torch.stack(estimates).mean() == pytest.approx(float(exact), rel=0.35)


def test_images_that_are_not_finite_stop_the_run():
    with pytest.raises(FloatingPointError, match=r"\bhr\b"):
        trainer(max_steps=4).fit(module(), pairs(fill=float("nan")))


def test_it_starts_from_the_weights_it_is_given(tmp_path):
    model = SISR(SISRConfig(scale=2, channels=16, blocks=1, bands=("B08",)))
    model.save_pretrained(tmp_path)
    gan = GANModule(init_from=str(tmp_path))
    assert (gan.scale, gan.bands) == (2, ("B08",))
    for name, value in model.state_dict().items():
        assert torch.equal(gan.model.state_dict()[name], value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"perceptual": "vgg19"}, "perceptual"),
        ({"perceptual_weight": 0.1}, "perceptual_weight"),
        ({"learning_rate": -1e-4}, "learning_rate"),
        ({"discriminator_rate": -1.0}, "discriminator_rate"),
    ],
)
def test_settings_out_of_range_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        module(**options)


@pytest.mark.parametrize(("name", "fits"), [("patchgan", 24), ("esrgan", 32), ("srgan", 16), ("unet", 8)])
def test_a_crop_too_small_for_the_discriminator_is_refused(name, fits):
    network = DiscriminatorConfig(name, 4)
    gan = GANModule(config=SMALL, discriminator=network)
    gan.discriminator(torch.rand(2, 8, fits, fits))  # the accepted size works
    size = fits // 4 + 4 - 1  # LR pixels: one less than needed
    batch = [{"hr": torch.rand(4, 4 * size, 4 * size), "lr": torch.rand(4, size, size)}] * 2
    with pytest.raises(InputError, match="crop_lr_px") as refused:
        trainer(max_steps=2).fit(gan, DataLoader(batch, 2))
    assert f" {size + 1} " in str(refused.value)
