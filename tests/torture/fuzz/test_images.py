import numpy as np
import pytest

from rs_srgan import InputError
from tests.conftest import scene_dn
from torture.fuzz.images import Images
from torture.fuzz.reader import Wrong


def test_a_whole_image_is_read_and_predicted(write_tif):
    path = write_tif(scene_dn(20, 24))
    Images().read(path)
    Images().predict(path, (20, 24))
    with pytest.raises(Wrong, match="result"):
        Images().predict(path, (21, 24))


def test_an_image_without_the_bands_is_refused(write_tif):
    with pytest.raises(InputError, match="bands"):
        Images().read(write_tif(np.ones((2, 9, 9), np.uint16), bands=None))
