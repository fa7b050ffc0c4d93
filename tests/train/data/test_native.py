"""Images on the grid of the sensor: their manifests, their split by place, and their pairs of pixel sizes."""

import json

import numpy as np
import pytest
import torch

from rs_srgan import InputError
from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import degrade, wald_mtf
from tests.conftest import scene_dn
from tests.train.data.makers import native_entry, native_folder
from train.data.native import HELD_OUT, NativeImage, native_images, native_pairs, native_sites, split_native

COARSE = ("B05", "B11")


def image(place, date="2019-05-01", nn_resampled=False):
    """Make an entry of a manifest without its file."""
    return NativeImage(None, place, "group", date, 10, RGBN, nn_resampled)


def places(images):
    return {each.place for each in images}


def test_places_are_on_one_side_of_the_split():
    entries = [image(place, date) for place in ("a", "b", *HELD_OUT, "ben_1") for date in ("2018-01-01", "2019-01-01")]
    split = split_native(entries)
    assert places(split["train"]) == {"a", "b"}
    assert places(split["val"]) == {*HELD_OUT, "ben_1"}
    assert len(split["train"]) + len(split["val"]) == len(entries)


def test_every_fourth_patch_validates_whatever_the_order():
    names = [f"ben_{number:02}" for number in range(10)]
    for order in (names, names[::-1]):
        assert places(split_native([image(name) for name in order])["val"]) == {"ben_00", "ben_04", "ben_08"}


def test_both_pixel_sizes_of_a_patch_are_on_one_side():
    entries = [image(f"ben_{number}") for number in range(8) for _ in range(2)]
    split = split_native(entries)
    assert len(split["val"]) == 4
    assert not places(split["val"]) & places(split["train"])


def test_the_latest_third_of_the_series_validates():
    dates = [f"2019-0{month}-01" for month in range(1, 10)]
    split = split_native([image("wcC", date) for date in dates[::-1] for _ in range(2)])
    assert {each.date for each in split["val"]} == set(dates[6:])
    assert {each.date for each in split["train"]} == set(dates[:6])


def test_no_place_of_the_real_manifests_is_on_both_sides(data):
    split = split_native(native_images(data))
    assert places(split["val"]) & places(split["train"]) == {"wcC"}
    both = [{each.date for each in images if each.place == "wcC"} for images in split.values()]
    assert not both[0] & both[1] and max(both[0]) < min(both[1])
    assert set(HELD_OUT) < places(split["val"])


def test_untouched_images_are_used_as_they_are(tmp_path):
    dn = scene_dn(40, 44)
    root = native_folder(tmp_path, [(native_entry("dell", bands=RGBN), dn)])
    (site,) = native_sites(root, "train", ("B08", "B04"))
    assert site.name == "native/dell"
    np.testing.assert_allclose(site.images[0], dn[[3, 0]] / 1e4, atol=1e-7)
    assert native_sites(root, "val") == native_sites(root, "train", ("B11",)) == []


def test_moved_images_come_apart_at_twice_the_pixel_size(tmp_path):
    dn = scene_dn(41, 44)
    dn[:, 10, 12] = 0
    root = native_folder(tmp_path, [(native_entry("dell", bands=RGBN, nn_resampled=True), dn)])
    assert native_sites(root, "train") == []
    (site,) = native_sites(root, "train", resampled=True)
    (pixels,) = site.images
    assert pixels.shape == (4, 20, 22)
    assert np.isnan(pixels[:, 5, 6]).all() and np.isnan(pixels).sum() == 4
    whole = degrade(
        torch.from_numpy(dn[:, :40].astype(np.float32) / 1e4)[None], 2, wald_mtf(SENTINEL2.mtf_nyquist(RGBN), 2)
    )
    np.testing.assert_allclose(pixels[:, 10:, 12:], whole[0, :, 10:, 12:], atol=1e-6)


def test_a_pair_shows_one_footprint_at_two_pixel_sizes(tmp_path):
    fine, coarse = scene_dn(46, 51), scene_dn(23, 25, bands=2)
    files = [
        (native_entry("dell", "dell_2019_10m_rgbn.tif", bands=RGBN), fine),
        (native_entry("dell", "dell_2019_20m_2b.tif", bands=COARSE, gsd_m=20), coarse),
        (native_entry("dell", "dell_2020_10m_rgbn.tif", bands=RGBN), fine),
    ]
    (pair,) = native_pairs(native_folder(tmp_path, files), "train", COARSE, ("B08", "B02"))
    assert pair.site == "native/dell"
    np.testing.assert_allclose(pair.coarse, coarse[:, :22, :24] / 1e4, atol=1e-7)
    np.testing.assert_allclose(pair.fine, fine[[3, 2], :44, :48] / 1e4, atol=1e-7)


def test_moved_images_are_not_paired(tmp_path):
    """Nearest neighbour moved the two kinds of bands by different parts of a pixel."""
    files = [
        (native_entry("dell", "dell_10m_rgbn.tif", bands=RGBN, nn_resampled=True), scene_dn(40, 40)),
        (native_entry("dell", "dell_20m_2b.tif", bands=COARSE, nn_resampled=True), scene_dn(20, 20, bands=2)),
    ]
    assert native_pairs(native_folder(tmp_path, files), "train", COARSE, RGBN) == []


def test_without_manifests_there_are_no_images(tmp_path):
    assert native_images(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("{", "JSON"),
        ('{"file": 3}', "list"),
        ('[{"file": "a.tif"}]', "split"),
        (json.dumps([native_entry("dell") | {"gsd_m": "ten"}]), "gsd_m"),
        ("[3]", "usable"),
    ],
)
def test_a_wrong_manifest_is_one_line_that_names_it(tmp_path, content, named):
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "manifest.json").write_text(content)
    with pytest.raises(InputError, match=named) as caught:
        native_images(tmp_path)
    assert "manifest.json" in str(caught.value) and "\n" not in str(caught.value)
