import math

import numpy as np
import pytest

from rs_srgan import InputError
from tests.conftest import scene_dn
from tests.train.data.makers import RGBN, coarse, pair_folder, pair_module, write_at
from train.data.units import Reflectance


@pytest.mark.parametrize("values", [(0.0, 0.0), (math.nan, 0.0), (1.0, math.inf)])
def test_a_conversion_that_makes_no_reflectance_is_refused(values):
    with pytest.raises(InputError, match="scale"):
        Reflectance(*values)


def test_pairs_are_read_by_the_conversion(tmp_path):
    pair_folder(tmp_path, side=96)
    given = Reflectance(2.75e-5, -0.2)
    lr = pair_module(tmp_path, reflectance=given).validation[0]["lr"]
    plain = pair_module(tmp_path).validation[0]["lr"]
    np.testing.assert_allclose(lr, plain * 1e4 * 2.75e-5 - 0.2, atol=1e-6)


def test_kelvin_becomes_small_numbers(tmp_path):
    pair_folder(tmp_path, side=96)
    for path in (tmp_path / "hr").glob("*.tif"):
        kelvin = (scene_dn(96, 96) / 100).astype(np.float32) + 280
        write_at(path, kelvin, RGBN, path.stem)
        write_at(tmp_path / "lr" / path.name, coarse(kelvin), RGBN, path.stem, 10)
    with pytest.raises(InputError, match="scale"):
        pair_module(tmp_path).validation[0]
    lr = pair_module(tmp_path, reflectance=Reflectance(0.01, -2.5)).validation[0]["lr"]
    assert 0.2 < float(lr.min()) < float(lr.max()) < 2
