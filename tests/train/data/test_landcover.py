import numpy as np
import pytest

from rs_srgan import InputError
from tests.train.conftest import write
from train.data.landcover import balanced, label_by_indices, label_by_scl

RGBN = ("B04", "B03", "B02", "B08")


@pytest.mark.parametrize(
    ("spectrum", "label"),
    [
        ((0.02, 0.04, 0.05, 0.01), "water"),
        ((0.03, 0.05, 0.04, 0.40), "dense vegetation"),
        ((0.10, 0.10, 0.08, 0.25), "sparse vegetation"),
        ((0.25, 0.20, 0.15, 0.30), "bare"),
    ],
)
def test_typical_spectra(spectrum, label):
    image = np.broadcast_to(np.array(spectrum, np.float32)[:, None, None], (4, 5, 5)).copy()
    image[:, 0] = np.nan
    assert label_by_indices(image, RGBN) == label


def test_indices_need_their_bands():
    with pytest.raises(InputError, match="missing"):
        label_by_indices(np.ones((3, 4, 4), np.float32), RGBN[:3])


def test_the_commonest_ground_of_a_scene_classification(tmp_path):
    for name, classes, label in (("a", [9, 9, 9, 9, 5, 5, 6], "bare"), ("b", [9, 3, 0, 1, 8, 9, 9], "unclear")):
        write(tmp_path / f"{name}.tif", np.array(classes, np.uint8)[None, None], None)
        assert label_by_scl(tmp_path / f"{name}.tif") == label
    with pytest.raises(InputError, match="read"):
        label_by_scl(tmp_path / "no.tif")


def test_every_label_is_drawn_as_often():
    weights = balanced(["town", "fields", "fields", "fields"])
    np.testing.assert_allclose(weights, [0.5, 1 / 6, 1 / 6, 1 / 6])
