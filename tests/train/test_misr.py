import copy

import pytest
import torch

from rs_srgan import SISR, InputError, SISRConfig, load_model
from rs_srgan.models import MISR
from tests.train.test_module import trainer
from train.__main__ import main
from train.data.degradation import SensorJitter
from train.data.views import RevisitsConfig, simulate_views
from train.misr import MISRModule
from train.start import FusionConfig

SMALL = SISRConfig(channels=16, blocks=1)
FUSION = FusionConfig(channels=16, blocks=1)


def batches(count=20):
    """Return batches with stripes finer than LR pixels, which only several views can resolve."""
    random = torch.Generator().manual_seed(0)
    result = []
    for _ in range(count):
        phase = torch.rand(2, 1, 1, 1, generator=random) * 6
        hr = 0.2 + 0.1 * torch.sin(torch.arange(64) * 0.9 + phase).expand(2, 4, 64, 64)
        made = simulate_views(hr[:, None], 6, 4, SMALL.mtf_nyquist, SensorJitter(1.0), RevisitsConfig(), random)
        result.append({**made._asdict(), "hr": hr})
    return result


def test_training_improves_the_fusion_and_keeps_the_sisr_model():
    torch.manual_seed(0)
    module = MISRModule(config=SMALL, fusion=FUSION, learning_rate=3e-3, warmup_steps=5)
    module.log = module.log_dict = lambda *_, **__: None
    before = copy.deepcopy(module.model.sisr.state_dict())
    seen = batches()
    trainer(max_steps=60).fit(module, torch.utils.data.DataLoader(seen * 3, batch_size=None))
    for name, value in module.model.sisr.state_dict().items():
        torch.testing.assert_close(value.cpu(), before[name], rtol=0, atol=0)
    with torch.no_grad():
        batch = seen[0]
        alone, together = module.model.sisr(batch["lr"][:, 0]), module(batch)
    inside = (..., slice(16, 48), slice(16, 48))
    errors = [(sr - batch["hr"])[inside].square().mean() for sr in (alone, together)]
    assert errors[1] < 0.5 * errors[0]


def test_a_model_for_one_view_is_refused():
    with pytest.raises(InputError, match="MISR"):
        MISRModule(config=SMALL)


def test_a_normalisation_that_its_sisr_model_does_not_know_is_refused():
    with pytest.raises(InputError, match="reflectance_mean"):
        MISRModule(config=SMALL, fusion=FUSION, reflectance_mean="fit")


@pytest.mark.parametrize("config", ["misr_x2_rgbn", pytest.param("misr_x4_rgbn", marks=pytest.mark.slow)])
def test_the_bundled_configurations_train(config, small_data, tmp_path):
    """Train both with: pytest -m "slow or not slow" tests/train/test_misr.py."""
    arguments = ["fit", "--config", f"train/configs/{config}.yaml", "--data.root", str(small_data)]
    arguments += ["--data.crop_lr_px", "16", "--data.batch_size", "2", "--data.steps_per_epoch", "2"]
    arguments += [
        "--data.native_share",
        "0",
        "--trainer.max_steps",
        "2",
        "--trainer.max_time",
        "null",
        "--trainer.precision",
        "32",
    ]
    assert main([*arguments, "--trainer.default_root_dir", str(tmp_path)]) == 0
    model = MISR.from_pretrained(tmp_path / "model")
    assert isinstance(model.sisr, SISR) and model.config.fusion == "innovation"
    started_from = load_model(config.replace("misr", "sisr").replace("_", "-"))
    weights = started_from.state_dict()
    changed = [name for name, each in model.alone().state_dict().items() if not torch.equal(each, weights[name])]
    assert changed == []  # averaging changes no weight of it
