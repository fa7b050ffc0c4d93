from pathlib import Path

import pytest

from app.jobs.masks import images_among, match_masks
from rs_srgan import InputError


@pytest.mark.parametrize(
    ("mask", "images", "owner"),
    [
        ("a_scl.tif", ["b.tif", "a.tif", "a2.tif"], 1),
        ("a_SCL.tif", ["A_rgbn.tif", "a2_rgbn.tif"], 0),
        ("1_mask.tif", ["10.tif", "1.tif", "2.tif"], 1),
        ("T33TWL_20230810T100031_SCL_20m.jp2", ["t33twl_20230815.tif", "T33TWL_20230810T100031_rgbn.tif"], 1),
        ("a.tif_mask.tif", ["b.tif", "a.tif"], 1),
        ("a-scl.npy", ["b.npy", "a.npy"], 1),
    ],
)
def test_a_mask_belongs_to_the_image_with_its_name(mask, images, owner):
    paths = [Path(image) for image in images]
    assert match_masks([Path(mask), *paths]) == (paths, {owner: Path(mask)})


def test_files_without_masks_are_images():
    paths = [Path("b.tif"), Path("a.tif")]
    assert match_masks(paths) == (paths, {})


def test_images_are_listed_once_without_masks():
    assert images_among(["b.tif", "b_scl.tif", "a.tif", "b.tif"]) == [Path("b.tif"), Path("a.tif")]


def test_the_mask_of_an_image_that_is_left_out_goes_to_no_other_one():
    names = ("a.tif", "a_rgbn.tif", "b.tif")
    first, second, third = paths = [Path(name) for name in names]
    masks = [Path("a_scl.tif"), Path("b_scl.tif")]
    assert match_masks([*paths, *masks], {first}) == ([second, third], {1: masks[1]})


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (["a_rgbn.tif", "b.tif", "other_scl.tif"], "other_scl"),
        (["20230810_rgbn.tif", "2023081_mask.tif"], "2023081_mask"),
        (["a_rgbn.tif", "a_other.tif", "a_scl.tif"], "a_rgbn_scl"),
        (["a_rgbn.tif", "a_scl.tif", "a_mask.tif"], "a_mask"),
        (["a_scl.tif"], "masks"),
    ],
)
def test_masks_that_fit_no_image_or_several_are_refused(files, words):
    with pytest.raises(InputError, match=words):
        match_masks([Path(file) for file in files])
