import pytest

from rs_srgan import InputError
from rs_srgan.evaluation.sources import find_sources
from tests.conftest import scene_dn
from tests.safe_builder import build_safe, zip_safe


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def by_name(sources):
    return {source.name: source.site for source in sources}


@pytest.mark.parametrize(
    ("name", "site"),
    [
        ("burgundy_29_2017_10m.tif", "burgundy_29"),
        ("burgundy_29_2018_10m.tif", "burgundy_29"),
        ("33TWL_20230810_rgbn.tif", "33TWL"),
        ("field-2021-07-03.tif", "field"),
        ("scene_20230810T100031.tif", "scene"),
        ("dolomites_10m_rgbn.tif", "dolomites_10m_rgbn"),
        ("plot_2017001.tif", "plot_2017001"),  # a number, no date
        ("S2B_MSIL2A_20230810T100031_N0509_R122_T33TWL_20230810T132345.tif", "T33TWL"),
    ],
)
def test_the_site_is_the_name_before_the_date(tmp_path, name, site):
    touch(tmp_path, name)
    assert by_name(find_sources([tmp_path])[1]) == {name: site}
    assert by_name(find_sources([tmp_path / name])[1]) == {name: site}


def test_the_site_is_the_sub_folder_where_there_is_one(tmp_path):
    touch(tmp_path, "north/a_2017.tif", "north/b.npy", "c_2018.tif", "north/notes.txt", ".hidden/d.tif")
    protocol, sources = find_sources([tmp_path])
    assert protocol == "simulated"
    assert by_name(sources) == {"north/a_2017.tif": "north", "north/b.npy": "north", "c_2018.tif": "c"}


def test_the_site_can_be_asked_for_by_a_pattern(tmp_path):
    touch(tmp_path, "chico_2018_7.tif", "chico_2020_7.tif", "chico_2018_8.tif")
    sites = by_name(find_sources([tmp_path], site_pattern=r"([a-z]+)_\d{4}_(\d+)")[1])
    assert set(sites.values()) == {"chico_7", "chico_8"}
    assert set(by_name(find_sources([tmp_path], site_pattern="chico")[1]).values()) == {"chico"}
    with pytest.raises(InputError, match="redding"):
        find_sources([tmp_path], site_pattern="redding")
    with pytest.raises(InputError, match="expression"):
        find_sources([tmp_path], site_pattern="(")


def test_pairs_are_found_by_their_folders(tmp_path):
    touch(tmp_path, "hr/a_2017.tif", "lr/a_2017.tif", "hr/west/b.tif", "lr/west/b.npy", "lr/unused.tif")
    protocol, sources = find_sources([tmp_path])
    assert protocol == "pairs"
    assert by_name(sources) == {"a_2017.tif": "a", "west/b.tif": "west"}
    assert [source.lr.relative_to(tmp_path).as_posix() for source in sources] == ["lr/a_2017.tif", "lr/west/b.npy"]
    with pytest.raises(InputError, match="reference"):
        find_sources([tmp_path], reference=False)
    touch(tmp_path, "hr/c.tif")
    with pytest.raises(InputError, match=r"c\.tif"):
        find_sources([tmp_path])


def test_pairs_and_single_images_do_not_mix(tmp_path):
    touch(tmp_path, "pairs/hr/a.tif", "pairs/lr/a.tif", "b.tif")
    with pytest.raises(InputError, match="together"):
        find_sources([tmp_path / "pairs", tmp_path / "b.tif"])


def test_equal_names_of_two_folders_stay_apart_and_one_file_counts_once(tmp_path):
    touch(tmp_path, "one/a.tif", "two/a.tif")
    _, sources = find_sources([tmp_path / "one", tmp_path / "two", tmp_path / "one" / "a.tif"])
    assert sorted(by_name(sources)) == [str(tmp_path / "one/a.tif"), str(tmp_path / "two/a.tif")]


@pytest.mark.parametrize("content", [(), ("notes.txt",)])
def test_a_folder_without_images_is_refused(tmp_path, content):
    touch(tmp_path, *content)
    with pytest.raises(InputError, match="evaluate"):
        find_sources([tmp_path])
    with pytest.raises(InputError, match="exist"):
        find_sources([tmp_path / "missing"])


@pytest.mark.parametrize("form", ["folder", "around", "zip", "xml"])
def test_a_product_is_one_image_of_its_tile(tmp_path, form):
    safe = build_safe(tmp_path, {("B04", 10): scene_dn(32, 32)[0]})
    given = {"folder": safe, "around": tmp_path, "xml": safe / "MTD_MSIL2A.xml", "zip": None}[form] or zip_safe(safe)
    _, (source,) = find_sources([given], reference=False)
    assert source.site == "T33TWL"
    assert source.path == (given if form == "zip" else safe)


def test_products_in_a_folder_are_known_by_their_content(tmp_path):
    safe = build_safe(tmp_path, {("B04", 10): scene_dn(32, 32)[0]})
    (tmp_path / "in" / "deep").mkdir(parents=True)
    zip_safe(safe).replace(tmp_path / "in" / "download.zip")
    safe.replace(tmp_path / "in" / "deep" / "plain")
    touch(tmp_path / "in", "other.zip", "notes.txt")
    assert sorted(by_name(find_sources([tmp_path / "in"])[1])) == ["deep/plain", "download.zip"]


@pytest.mark.parametrize("name", ["a_mask", "a_SCL", "cloud_mask_a", "a_udm2", "a_cloudmask", "a.msk"])
def test_masks_beside_their_images_are_left_out(tmp_path, name):
    for stem in ("a", name, "b_mask", "masked"):
        (tmp_path / f"{stem}.tif").touch()
    _, sources = find_sources([tmp_path])
    assert [source.name for source in sources] == ["a.tif", "b_mask.tif", "masked.tif"]
