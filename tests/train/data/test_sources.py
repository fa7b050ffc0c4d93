import numpy as np
import pytest

from rs_srgan import InputError
from train.data.sources import band_moments, data_root, naip_sites, sentinel2_sites


def test_thinned_out_chips_are_averaged_and_others_are_not(small_data):
    sizes = {s.name: s.images[0].shape for side in ("train", "val") for s in sentinel2_sites(small_data, side)}
    assert sizes["burgundy_0"] == (4, 150, 140)
    assert sizes["ca_fire_DEWEY"] == (4, 75, 70)


def test_naip_gets_the_tones_of_sentinel2_and_the_size_asked_for(small_data):
    moments = band_moments(sentinel2_sites(small_data, "train"))
    for coarsen, size in ((True, 64), (False, 128)):
        images = [image for s in naip_sites(small_data, "train", moments, coarsen=coarsen) for image in s.images]
        assert {image.shape for image in images} == {(4, size, size)}
        mean = np.mean([image.mean((1, 2)) for image in images], 0)
        np.testing.assert_allclose(mean, moments[0][: len(images)].mean(0), rtol=0.2)


def test_missing_data_is_refused(tmp_path, monkeypatch):
    monkeypatch.delenv("RS_SRGAN_DATA", raising=False)
    with pytest.raises(InputError, match="RS_SRGAN_DATA"):
        data_root()
    with pytest.raises(InputError, match="exist"):
        data_root(str(tmp_path / "no"))
    with pytest.raises(InputError, match="GeoTIFFs"):
        sentinel2_sites(tmp_path, "train")


def test_a_truncated_chip_is_refused(small_data):
    path = small_data / "sentinel2" / "burgundy_0_2017_10m.tif"
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match="truncated"):
        sentinel2_sites(small_data, "train") + sentinel2_sites(small_data, "val")
