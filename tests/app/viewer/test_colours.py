import numpy as np
import pytest

from app.viewer.colours import Style, colour, composites, legend
from app.viewer.layers import INPUT, SR
from rs_srgan import InputError, SISRConfig
from rs_srgan.sensors import RGBN
from tests.app.viewer.pixels import all_of

STYLE = Style("True colour")


def test_all_layers_have_the_same_stretch(view):
    left, right = (colour(view, layer, all_of(view, layer), STYLE) for layer in (INPUT, SR))
    seen = left[..., 3] > 0
    np.testing.assert_array_equal(seen, right[..., 3] > 0)
    np.testing.assert_allclose(left[seen].mean(0), right[seen].mean(0), atol=5)


def test_nodata_is_transparent(view):
    for layer in view.layers:
        alpha = colour(view, layer, all_of(view, layer), STYLE)[..., 3]
        assert not alpha[245:275, 325:375].any()
        assert alpha[:200].all()


def test_composites_depend_on_the_bands():
    assert composites(SISRConfig(bands=RGBN)) == {
        "True colour": ("B04", "B03", "B02"),
        "False colour": ("B08", "B04", "B03"),
        "NDVI": ("B08", "B04"),
        **{band: (band,) for band in RGBN},
    }
    assert list(composites(SISRConfig(bands=("B05", "B11")))) == ["B05", "B11"]
    assert "Short-wave" in composites(SISRConfig(bands=("B05", "B8A", "B12")))


def test_composites_follow_the_sensor():
    oli = composites(SISRConfig(sensor="landsat-oli", bands=("B4", "B3", "B2", "B5")))
    assert oli["True colour"] == ("B4", "B3", "B2")
    assert oli["NDVI"] == ("B5", "B4")


def test_ndvi_is_green_on_plants_and_brown_on_soil(view):
    pixels = np.zeros((4, 1, 2), np.float32)
    pixels[:, 0, 0], pixels[:, 0, 1] = (0.04, 0.06, 0.03, 0.45), (0.25, 0.2, 0.15, 0.28)
    (plant, soil), *_ = colour(view, SR, pixels, Style("NDVI"))
    assert plant[1] > plant[0] and soil[0] > soil[2]
    assert legend(SR, view, Style("NDVI"))["to"] == 0.9
    assert legend(SR, view, STYLE) is None


@pytest.mark.parametrize("wrong", [{"cut": -1.0}, {"gamma": 0.0}, {"gamma": float("nan")}])
def test_a_style_out_of_range_is_refused(wrong):
    with pytest.raises(InputError, match="expected"):
        Style("True colour", **wrong)
