import json

import pytest
import rasterio
from rasterio.warp import transform_bounds

from rs_srgan import InputError
from train.data.splits import refuse_leaks, sentinel2_site, split_naip, split_sentinel2


@pytest.mark.parametrize(
    ("filename", "site"),
    [
        ("burgundy_29_2017_10m.tif", "burgundy_29"),
        ("burgundy_29_2018_10m.tif", "burgundy_29"),
        ("ca_fire_pre__KENNETH_20250109_pre_fire.tif", "ca_fire_KENNETH"),
        ("ca_fire_post__KENNETH_20250109_post_fire.tif", "ca_fire_KENNETH"),
        ("ca_fire_post__KENNETH_20250109.tif", "ca_fire_KENNETH"),
        ("ca_fire_post__BRECKENRIDGE.tif", "ca_fire_BRECKENRIDGE"),
        ("ca_fire_pre__5-6_CASCADE_CREEK_20200817.tif", "ca_fire_5-6_CASCADE_CREEK"),
        ("maxwolf_seg2_rgbn.tif", "maxwolf"),
        ("dolomites_10m_rgbn.tif", "dolomites"),
        ("sachrang_10m_6b.tif", "sachrang"),
    ],
)
def test_the_site_is_the_place_without_date_and_product(filename, site):
    assert sentinel2_site(filename) == site


def test_all_dates_of_a_place_are_on_one_side_and_each_group_is_on_both():
    names = [f"burgundy_{n}_{year}_10m.tif" for n in range(10) for year in (2017, 2018)]
    names += [f"ca_fire_{when}__F{n}_20240101.tif" for n in range(10) for when in ("pre", "post")]
    split = split_sentinel2(names)
    assert sum(len(files) for side in split.values() for files in side.values()) == len(names)
    assert all(len(files) == 2 for side in split.values() for files in side.values())
    for group in ("burgundy", "ca_fire"):
        assert sum(site.startswith(group) for site in split["val"]) == 2


def test_the_split_is_the_same_whatever_the_order_of_the_files():
    names = [f"burgundy_{n}_2017_10m.tif" for n in range(20)]
    assert split_sentinel2(names) == split_sentinel2(names[::-1])


def test_a_leak_is_refused():
    with pytest.raises(InputError, match="leaks"):
        refuse_leaks({"train": {"a": ["1"]}, "val": {"a": ["2"]}})
    with pytest.raises(InputError, match=r"x\.tif"):
        refuse_leaks({"train": {"a": ["x.tif"]}, "val": {"b": ["x.tif"]}})


def test_a_leaking_naip_split_is_refused(tmp_path):
    (tmp_path / "split_by_location.json").write_text(json.dumps({"train": {"a": ["x.tif"]}, "val": {"b": ["x.tif"]}}))
    with pytest.raises(InputError, match="leaks"):
        split_naip(tmp_path)
    with pytest.raises(InputError, match="split_by_location"):
        split_naip(tmp_path / "nowhere")


def test_no_place_of_the_real_collection_overlaps_the_other_side(data):
    """Compare coordinates instead of names."""
    folder = data / "sentinel2"
    split = split_sentinel2([path.name for path in folder.glob("*.tif")])
    boxes = {"train": [], "val": []}
    for side, sites in split.items():
        for file in (file for files in sites.values() for file in files):
            with rasterio.open(folder / file) as dataset:
                if dataset.crs:
                    boxes[side].append(transform_bounds(dataset.crs, "EPSG:4326", *dataset.bounds))
    assert len(boxes["val"]) > 10
    for west, south, east, north in boxes["val"]:
        for other_west, other_south, other_east, other_north in boxes["train"]:
            apart = east <= other_west or other_east <= west or north <= other_south or other_north <= south
            assert apart
