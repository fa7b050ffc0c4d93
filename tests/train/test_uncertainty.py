import pytest
import torch
from torch.utils.data import DataLoader

from rs_srgan import SISR, InputError, SISRConfig, load_model
from rs_srgan.models import MISR, MISRConfig
from tests.train.test_module import trainer
from train.callbacks import SaveModel
from train.uncertainty import UncertaintyModule, with_head


def noisy(count, seed, group=None):
    """Return places with ten times as much noise in the right half as in the left half."""
    torch.manual_seed(seed)
    lr = (torch.rand(count, 1, 1, 1) * 0.3 + 0.02 * torch.rand(count, 4, 24, 24)).clamp(0)
    loud = torch.full((24,), 0.002)
    loud[12:] = 0.02
    lr[..., 12:] += 0.1 * torch.rand(count, 4, 24, 12)  # the right half also looks different
    fine = torch.nn.functional.interpolate(lr, scale_factor=2, mode="bicubic")
    hr = fine + torch.distributions.Laplace(0, 1).sample(fine.shape) * loud.repeat_interleave(2)
    items = [{"lr": a, "hr": b} for a, b in zip(lr, hr, strict=True)]
    return [item | {"group": group, "site": f"{group}{i}"} for i, item in enumerate(items)] if group else items


@pytest.fixture
def source(tmp_path):
    torch.manual_seed(0)
    SISR(SISRConfig(scale=2, channels=16, blocks=1, consistent=False)).save_pretrained(tmp_path / "source")
    return tmp_path / "source"


def test_the_interval_has_its_coverage_on_other_sites(source, tmp_path):
    module = UncertaintyModule(str(source), learning_rate=3e-3, warmup_steps=1)
    run = trainer(
        max_steps=240,
        gradient_clip_val=0.5,
        check_val_every_n_epoch=8,
        num_sanity_val_steps=0,
        callbacks=[SaveModel(str(tmp_path / "model"))],
    )
    held_out = noisy(8, seed=2, group="a") + noisy(8, seed=3, group="b")
    run.fit(module, DataLoader(noisy(240, seed=1), 8), DataLoader(held_out, 1))
    assert run.callback_metrics["val/coverage"] == pytest.approx(0.8, abs=0.03)
    assert run.callback_metrics["val/coverage_a"] == pytest.approx(0.8, abs=0.05)
    assert run.callback_metrics["val/rank_correlation"] > 0.4

    trained = load_model(tmp_path / "model")
    for name, weight in load_model(source).state_dict().items():
        assert torch.equal(trained.state_dict()[name], weight), name
    item = noisy(1, seed=9)[0]
    with torch.no_grad():
        sr, half_width = trained.with_uncertainty(item["lr"][None])
    within = ((sr[0] - item["hr"]).abs() <= half_width[0])[:, 8:-8, 8:-8].float().mean()
    assert within == pytest.approx(0.8, abs=0.05)
    left, right = half_width[..., 8:20].mean(), half_width[..., 28:40].mean()
    assert right > 3 * left


def test_only_the_group_of_calibrate_on_sets_the_factors(source):
    module = UncertaintyModule(str(source), warmup_steps=1, calibrate_on="a")
    quiet = noisy(4, seed=2, group="a")
    loud = [item | {"hr": item["lr"].repeat_interleave(2, 1).repeat_interleave(2, 2) + 1} for item in quiet]
    loud = [item | {"group": "b"} for item in loud]
    run = trainer(max_steps=1, num_sanity_val_steps=0)
    run.validate(module, DataLoader(quiet + loud, 1), verbose=False)
    assert (
        run.callback_metrics["val/coverage"] == run.callback_metrics["val/coverage_a"] == pytest.approx(0.8, abs=0.05)
    )
    assert run.callback_metrics["val/coverage_b"] < 0.2
    with pytest.raises(InputError, match="calibrate_on"):
        run.validate(UncertaintyModule(str(source), calibrate_on="c"), DataLoader(quiet + loud, 1), verbose=False)


def test_an_existing_head_is_kept():
    model = SISR(SISRConfig(channels=16, blocks=1, uncertainty=True))
    assert with_head(model) is model


def test_a_model_for_several_views_is_refused(tmp_path):
    MISR(MISRConfig(channels=16, blocks=1, fusion="recursive")).save_pretrained(tmp_path / "misr")
    with pytest.raises(InputError, match="MISR"):
        UncertaintyModule(str(tmp_path / "misr"))


def test_statistics_of_batch_normalisation_stay(tmp_path):
    torch.manual_seed(0)
    SISR(SISRConfig(scale=2, generator="srresnet", channels=16, blocks=1)).save_pretrained(tmp_path / "source")
    module = UncertaintyModule(str(tmp_path / "source"), warmup_steps=1)
    run = trainer(max_steps=4, num_sanity_val_steps=0, callbacks=[SaveModel(str(tmp_path / "model"))])
    run.fit(module, DataLoader(noisy(16, seed=1), 4), DataLoader(noisy(2, seed=2, group="a"), 1))
    trained = load_model(tmp_path / "model").state_dict()
    for name, weight in load_model(tmp_path / "source").state_dict().items():
        assert torch.equal(trained[name], weight), name
