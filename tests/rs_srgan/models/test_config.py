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
        ({"sensor": "spot"}, "landsat-oli"),
        ({"sensor": "landsat-oli", "mtf_nyquist": []}, "B04"),
        ({"sharpen_limit": 0.0}, "sharpen_limit"),
        ({"sharpen_reach_lr_px": 0}, "sharpen_reach_lr_px"),
        ({"psf_width_lr_px": 4}, "psf_width_lr_px"),
        ({"chanels": 32}, "channels"),
        ({"zzz": 1}, "known"),
        ({"scale": 3}, "scale"),
        ({"quantized": 1}, "quantized"),
        ({"quantized": True, "base_model": "sisr-x4-rgbn"}, "quantized"),
        ({"scale": "4"}, "scale"),
        ({"scale": True}, "scale"),
        ({"blocks": 0}, "blocks"),
        ({"channels": -16}, "channels"),
        ({"generator": "swin"}, "generator"),
        ({"bands": []}, "band"),
        ({"bands": ["PAN"], "mtf_nyquist": []}, "PAN"),
        ({"bands": ["B04"] * 4}, "once"),
        ({"bands": [1, 2, 3, 4]}, "bands"),
        ({"guide_bands": [1]}, "guide_bands"),
        ({"guide_bands": ["B04"]}, "guide_bands"),
        ({"guide_bands": ["B11", "B11"]}, "once"),
        ({"bands": [["B04"]]}, "bands"),
        ({"mtf_nyquist": ["a"] * 4}, "mtf_nyquist"),
        ({"mtf_nyquist": [None] * 4}, "mtf_nyquist"),
        ({"channels": 10**30}, "1024"),
        ({"reflectance_mean": float("nan")}, "reflectance_mean"),
        ({"reflectance_mean": 10**400}, "reflectance_mean"),
        ({"reflectance_std": float("inf")}, "reflectance_std"),
        ({"mtf_nyquist": [0.3]}, "mtf_nyquist"),
        ({"mtf_nyquist": [0.3, 0.3, 0.3, 1.0]}, "mtf_nyquist"),
        ({"consistent": 1}, "consistent"),
        ({"reflectance_std": 0.0}, "reflectance_std"),
    ],
)
def test_values_out_of_range_are_refused(values, words):
    with pytest.raises(InputError, match=words):
        SISRConfig.from_dict({**WHOLE, **values})


@pytest.mark.parametrize("key", WHOLE)
def test_every_key_must_be_given(key):
    with pytest.raises(InputError, match=key):
        SISRConfig.from_dict({name: value for name, value in WHOLE.items() if name != key})
