import pytest

from rs_srgan import InputError, SISRConfig
from rs_srgan.sensors import SENTINEL2

WHOLE = vars(SISRConfig())


def test_the_mtf_follows_from_the_bands():
    assert SISRConfig(bands=("B11", "B12")).mtf_nyquist == SENTINEL2.mtf_nyquist(("B11", "B12"))


def test_json_lists_and_whole_numbers_are_taken():
    config = SISRConfig.from_dict({**WHOLE, "bands": ["B04"], "mtf_nyquist": [0.2], "reflectance_std": 1})
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
        ({"bands": ["PAN"], "mtf_nyquist": []}, "No MTF is known for band PAN"),
        ({"bands": ["B04"] * 4}, "every band once"),
        ({"bands": [1, 2, 3, 4]}, "bands is"),
        ({"guide_bands": [1]}, "guide_bands is"),
        ({"guide_bands": ["B04"]}, "none that is in bands"),
        ({"guide_bands": ["B11", "B11"]}, "every band once"),
        ({"bands": [["B04"]]}, "bands is"),
        ({"mtf_nyquist": ["a"] * 4}, "mtf_nyquist is"),
        ({"mtf_nyquist": [None] * 4}, "mtf_nyquist is"),
        ({"channels": 10**30}, "1 to 1024"),
        ({"reflectance_mean": float("nan")}, "a reflectance"),
        ({"reflectance_mean": 10**400}, "a reflectance"),
        ({"reflectance_std": float("inf")}, "a reflectance above 0"),
        ({"mtf_nyquist": [0.3]}, "one value per band, 4"),
        ({"mtf_nyquist": [0.3, 0.3, 0.3, 1.0]}, "between 0 and 0.99"),
        ({"consistent": 1}, "consistent is 1"),
        ({"reflectance_std": 0.0}, "a reflectance above 0"),
    ],
)
def test_what_cannot_be_built_is_said(values, words):
    with pytest.raises(InputError, match=words):
        SISRConfig.from_dict({**WHOLE, **values})


@pytest.mark.parametrize("key", WHOLE)
def test_a_key_that_is_missing_is_no_default(key):
    with pytest.raises(InputError, match=f"lacks '{key}'"):
        SISRConfig.from_dict({name: value for name, value in WHOLE.items() if name != key})
