import numpy as np
import pytest
import rasterio

from tests.conftest import scene_dn
from tests.train.data.makers import RGB, RGBN, write_at
from train.__main__ import main
from train.remedies import in_training


@pytest.fixture
def refusal(tmp_path, model_folder, capsys):
    """Return a function that gives the line by which training refuses a folder with one file."""

    def run(pixels, bands=RGBN, change=lambda out: None):
        (tmp_path / "mine").mkdir()
        for name in ("a", "b"):
            write_at(tmp_path / "mine" / f"{name}.tif", pixels, bands, name)
            with rasterio.open(tmp_path / "mine" / f"{name}.tif", "r+") as out:
                change(out)
        assert (
            main(["finetune", str(tmp_path / "mine"), "-o", str(tmp_path / "run"), "--model", str(model_folder)]) == 2
        )
        return capsys.readouterr().err.splitlines()[-1]

    return run


def tagged(out):
    out.scales = (0.0,) * out.count


@pytest.mark.parametrize(
    ("pixels", "bands", "change", "words"),
    [
        (scene_dn(96, 96), RGBN, tagged, "state the scale: --data.reflectance.scale 0.0001."),
        (scene_dn(96, 96, bands=5), None, lambda out: None, "Describe each band: rio edit-info FILE"),
        (scene_dn(96, 96, bands=3), RGB, lambda out: None, "or describe each band: rio edit-info FILE"),
    ],
)
def test_refusals_name_options_that_training_has(refusal, pixels, bands, change, words):
    line = refusal(pixels, bands, change)
    assert words in line
    assert not any(f" --{option}" in line for option in ("scale", "offset", "nodata", "band-names", "stack"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "If -9999.0 means nodata, state it (--nodata -9999), or declare it in the file: rio edit-info.",
            "If -9999.0 means nodata, declare it in the file: rio edit-info.",
        ),
        ("To use it: --scale %g.", "To use it: --data.reflectance.scale %g."),
        ("To overrule it: --offset, --scale.", "To overrule it: --data.reflectance.offset, --data.reflectance.scale."),
        ("state it: --offset -1000. Or", "state it: --data.reflectance.offset -0.1. Or"),
        (
            "Write each page as a file, then give all with --stack.",
            "Write each page as a file, then stack them (rio stack).",
        ),
        ("Choose --bands B04,B03.", "Choose --bands B04,B03."),
    ],
)
def test_words_of_the_reader_become_those_of_training(text, expected):
    assert in_training(text) == in_training(in_training(text)) == expected


def test_values_that_are_no_reflectance_name_the_scale_of_training(tmp_path, model_folder, capsys):
    """Read floats of DN, which the reader refuses while pairs are compared."""
    for part, side in (("hr", 96), ("lr", 24)):
        (tmp_path / "mine" / part).mkdir(parents=True)
        for name in ("a", "b"):
            values = np.linspace(2000, 9000, 4 * side * side, dtype=np.float32).reshape(4, side, side)
            write_at(tmp_path / "mine" / part / f"{name}.tif", values, RGBN, name, 240 / side)
    request = ["finetune", str(tmp_path / "mine"), "-o", str(tmp_path / "run"), "--model", str(model_folder)]
    assert main([*request, "--trainer.accelerator=cpu"]) == 2
    assert "--data.reflectance.scale 0.0001" in capsys.readouterr().err.splitlines()[-1]
