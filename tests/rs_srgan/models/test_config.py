import pytest

from rs_srgan import InputError, SISRConfig
from rs_srgan.bands import mtf_nyquist


def test_the_mtf_follows_from_the_bands():
    assert SISRConfig(bands=("B11", "B12")).mtf_nyquist == mtf_nyquist(("B11", "B12"))


def test_json_lists_and_whole_numbers_are_taken():
    config = SISRConfig.from_dict({"bands": ["B04"], "reflectance_std": 1})
    assert config.bands == ("B04",)
    assert config.reflectance_std == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"chanels": 32}, "did you mean 'channels'"),
        ({"zzz": 1}, "known: scale, bands"),
        ({"scale": 3}, "scale is 3; expected one of"),
        ({"scale": "4"}, "scale is '4'"),
        ({"scale": True}, "scale is True"),
        ({"blocks": 0}, "blocks is 0"),
        ({"channels": -16}, "channels is -16"),
        ({"generator": "swin"}, "generator is 'swin'"),
        ({"bands": []}, "at least one band"),
        ({"bands": ["PAN"]}, "No MTF is known for band PAN"),
        ({"mtf_nyquist": [0.3]}, "one value per band, 4"),
        ({"mtf_nyquist": [0.3, 0.3, 0.3, 1.0]}, "between 0 and 1"),
        ({"consistency_steps": -1}, "0 or more"),
        ({"reflectance_std": 0.0}, "more than 0"),
    ],
)
def test_what_cannot_be_built_is_said(values, words):
    with pytest.raises(InputError, match=words):
        SISRConfig.from_dict(values)
