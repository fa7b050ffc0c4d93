import argparse
import dataclasses

import pytest
import rasterio

from rs_srgan.cli.main import main
from rs_srgan.cli.option_arguments import add_option, chosen_options
from rs_srgan.inference.options import PredictOptions
from tests.conftest import scene_dn


def test_options_reach_super_resolve(write_tif, model_folder, tmp_path):
    target = tmp_path / "out.tif"
    options = ["--compress", "deflate", "--tile", "5", "--threads", "2", "--precision", "fp32", "--offset", "-1000"]
    arguments = ["predict", str(write_tif(scene_dn(12, 10) + 1000)), "-o", str(target), "--model", str(model_folder)]
    assert main([*arguments, *options, "--quiet", "--overwrite"]) == 0
    with rasterio.open(target) as result:
        assert result.profile["compress"] == "deflate"
        assert result.offsets == pytest.approx((-0.1,) * 4)


def test_every_option_is_an_argument_with_its_default():
    parser = argparse.ArgumentParser()
    for field in dataclasses.fields(PredictOptions):
        add_option(parser, field.name)
    assert chosen_options(parser.parse_args([])) == PredictOptions()


def test_words_of_changed_options_give_the_options_back():
    options = PredictOptions(
        sensor="landsat-oli", masks=("-", "m.tif"), bbox=(-1.5, 2, 3, 4), tile=64, blocksize=128, cog=True, offset=-1000
    )
    parser = argparse.ArgumentParser()
    for field in dataclasses.fields(PredictOptions):
        add_option(parser, field.name)
    assert chosen_options(parser.parse_args(options.arguments())) == options


def test_wrong_word_is_refused_in_the_words_of_the_option(capsys):
    parser = argparse.ArgumentParser()
    add_option(parser, "offset")
    with pytest.raises(SystemExit):
        parser.parse_args(["--offset", "abc"])
    assert "neither auto nor a number" in capsys.readouterr().err
