import dataclasses

import numpy as np
import pytest
import rasterio
import torch

from rs_srgan import SISR, InputError, SISRConfig, load_model
from rs_srgan.cli.main import main
from rs_srgan.models.detail import set_detail
from tests.conftest import scene_dn

CONFIG = SISRConfig(channels=16, blocks=1)


def read(path):
    with rasterio.open(path) as dataset:
        return dataset.read()


@pytest.fixture
def folders(tmp_path):
    """Of a model and of one that was made from it; the latter names the former."""
    torch.manual_seed(0)
    base = SISR(dataclasses.replace(CONFIG, uncertainty=True)).eval()
    base.save_pretrained(tmp_path / "base")
    lively = SISR(dataclasses.replace(CONFIG, base_model=str(tmp_path / "base"))).eval()
    lively.save_pretrained(tmp_path / "lively")
    return tmp_path / "base", tmp_path / "lively"


def test_its_ends_are_the_two_models_and_its_middle_lies_between(folders):
    base, lively = (load_model(folder) for folder in folders)
    lr = torch.rand(1, 4, 12, 12) * 0.3
    with torch.no_grad():
        torch.testing.assert_close(load_model(folders[1], detail=0)(lr), base(lr))
        torch.testing.assert_close(load_model(folders[1], detail=1)(lr), lively(lr))
    between = load_model(folders[1], detail=0.25).state_dict()
    for name, weight in between.items():
        torch.testing.assert_close(weight, 0.75 * base.state_dict()[name] + 0.25 * lively.state_dict()[name])


def test_the_accurate_model_may_be_quantised(folders):
    base = load_model(folders[0])
    accurate = SISR(dataclasses.replace(base.config, quantized=True)).eval()
    accurate.load_state_dict({**accurate.state_dict(), **base.state_dict()})
    accurate.save_pretrained(folders[0])
    lr = torch.rand(1, 4, 12, 12) * 0.3
    with torch.no_grad():
        torch.testing.assert_close(load_model(folders[1], detail=0)(lr), base(lr))


@pytest.mark.parametrize("detail", [-0.1, 1.1, float("nan"), "much"])
def test_a_detail_out_of_range_is_refused(folders, detail):
    with pytest.raises(InputError, match="detail"):
        load_model(folders[1], detail=detail)


def test_a_model_that_takes_no_detail_is_refused(folders):
    with pytest.raises(InputError, match="srgan-x4-rgbn"):
        load_model(folders[0], detail=0.5)


def test_models_of_different_architectures_are_refused(folders):
    with pytest.raises(InputError, match="scale"):
        set_detail(load_model(folders[1]), SISR(dataclasses.replace(CONFIG, scale=2)), 0.5)


def test_a_missing_base_model_is_refused(folders):
    folders[0].rename(folders[0].with_name("elsewhere"))
    with pytest.raises(InputError, match="organisation/name"):
        load_model(folders[1], detail=0.5)
    load_model(folders[1])


def test_the_command_takes_a_detail(folders, write_tif, tmp_path, capsys):
    source = str(write_tif(scene_dn(20, 20)))
    request = ["predict", source, "--quiet", "--precision", "fp32"]
    for name, options in {
        "base": ["--model", str(folders[0])],
        "none": ["--model", str(folders[1]), "--detail", "0"],
        "half": ["--model", str(folders[1]), "--detail", "0.5"],
    }.items():
        assert main([*request, *options, "-o", str(tmp_path / f"{name}.tif")]) == 0
    base, none, half = (read(tmp_path / f"{name}.tif") for name in ("base", "none", "half"))
    np.testing.assert_array_equal(none, base)
    assert (half != base).mean() > 0.5
    assert main([*request, "--model", str(folders[0]), "--detail", "0.5", "-o", str(tmp_path / "no.tif")]) == 2
    assert "no detail" in capsys.readouterr().err
