import numpy as np
import pytest
import rasterio

from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.gdal import open_alone, warn_of_sidecars
from rs_srgan.reading.opening import open_raster
from tests.conftest import scene_dn
from tests.rs_srgan.reading.whole import read_all

BANDS = ("B04", "B03", "B02", "B08")


def aux(*elements: str) -> str:
    return f"<PAMDataset>{''.join(f'<{name}>1</{name}>' for name in elements)}</PAMDataset>"


@pytest.mark.parametrize(
    ("beside", "content", "named"),
    [
        ("scene.tif.aux.xml", aux("NoDataValue"), "NoDataValue"),
        ("scene.tif.aux.xml", aux("SRS", "GeoTransform"), "GeoTransform, SRS"),
        ("scene.tif.msk", "x", "msk"),
        ("scene.tif.aux.xml", aux("Histograms"), None),
        ("scene.tif.aux.xml", "no XML", None),
        ("scene.tif.ovr", "x", None),
        ("scene.tfw", "1\n0\n0\n1\n0\n0\n", None),
    ],
)
def test_a_sidecar_with_meaning_is_named_in_a_warning(write_tif, caplog, beside, content, named):
    path = write_tif(scene_dn(16, 16))
    path.with_name(beside).write_text(content)
    with open_raster(path, BANDS) as raster:
        assert raster.read(Window(0, 0, 16, 16))[1].all()
    assert (named in caplog.text) if named else not caplog.text


def test_a_world_file_matters_if_the_image_is_not_georeferenced(tmp_path, caplog):
    path = tmp_path / "photo.png"
    (tmp_path / "photo.pgw").write_text("1\n0\n0\n1\n0\n0\n")
    warn_of_sidecars(path, located=True)
    assert not caplog.text
    warn_of_sidecars(path, located=False)
    assert "photo.pgw" in caplog.text


def test_the_nodata_value_of_a_sidecar_is_ignored(write_tif):
    dn = scene_dn(16, 16)
    path = write_tif(dn)
    value = int(dn[0, 3, 4])
    path.with_name("scene.tif.aux.xml").write_text(
        f'<PAMDataset><PAMRasterBand band="1"><NoDataValue>{value}</NoDataValue></PAMRasterBand></PAMDataset>'
    )
    with rasterio.open(path) as plain:
        assert plain.nodatavals[0] == value
    with open_alone(path) as dataset:
        assert dataset.nodatavals[0] is None


def test_a_vrt_is_refused(tmp_path):
    (tmp_path / "a.tif").write_text("<VRTDataset/>")
    with pytest.raises(InputError, match="NPY"), open_alone(tmp_path / "a.tif"):
        pass


def test_a_small_file_cannot_fill_the_memory(write_tif):
    path = write_tif(
        np.zeros((4, 64, 64), np.uint16), "b.tif", tiled=True, blockxsize=16_384, blockysize=16_384, compress="deflate"
    )
    assert path.stat().st_size < 5_000_000
    with pytest.raises(InputError, match="memory"):
        read_all(path)


@pytest.mark.parametrize("scheme", [34_712, 50_002, 61_000])
def test_a_missing_codec_is_not_called_damage(write_tif, scheme):
    path = write_tif(scene_dn(16, 16))
    entry = (259).to_bytes(2, "little") + (3).to_bytes(2, "little") + (1).to_bytes(4, "little")
    content = path.read_bytes()
    at = content.rindex(entry) + len(entry)  # of the last directory: the writer leaves earlier ones
    path.write_bytes(content[:at] + scheme.to_bytes(2, "little") + content[at + 2 :])
    with pytest.raises(InputError, match="codec") as caught:
        read_all(path)
    assert "corrupt" not in str(caught.value) and "gdal_translate" in str(caught.value)
