import numpy as np
import pytest
import rasterio
import torch
from rasterio.warp import transform_bounds

from rs_srgan import MISR, SISR, MISRConfig, SISRConfig
from rs_srgan.cli.main import main
from tests.conftest import scene_dn
from tests.stored import assert_stored


def test_predict_writes_the_target_and_prints_its_name(write_tif, model_folder, tmp_path, capsys):
    target = tmp_path / "out.tif"
    assert main(["predict", str(write_tif(scene_dn(12, 10))), "-o", str(target), "--model", str(model_folder)]) == 0
    assert capsys.readouterr().out == f"{target}\n"
    with rasterio.open(target) as result:
        assert result.shape == (48, 40)
        assert result.tags()["SR_MODEL"] == "small-model"


def test_revisits_take_masks_and_a_reference(write_tif, tmp_path, caplog):
    model = MISR(MISRConfig(channels=16, blocks=1, fusion_channels=16, fusion_blocks=1))
    model.save_pretrained(tmp_path / "several")
    views = [str(write_tif(scene_dn(40, 40), f"{day}.tif")) for day in ("20230810", "20230815")]
    mask = str(write_tif(np.ones((1, 40, 40), np.uint8), "clear.tif", bands=[None]))
    target = str(tmp_path / "out.tif")
    options = ["--model", str(tmp_path / "several"), "--reference", "20230815.tif", "--masks", "-", mask]
    assert main(["predict", *views, "-o", target, *options]) == 0
    assert "20230815.tif (2023-08-15): 100 % clear" in caplog.text
    assert "20230810.tif (2023-08-10): 100 % clear, shifted +0.00 +0.00 px" in caplog.text.replace("-0.00", "+0.00")
    with rasterio.open(target) as result:
        assert result.shape == (160, 160)


@pytest.fixture
def landsat_stack(write_tif):
    """A stack of Collection 2 level 2 files: DN without scale tags."""
    dn = (scene_dn(20, 24) / 10_000 + 0.2) / 2.75e-5
    dn[:, :3] = 0
    return write_tif(dn.astype(np.uint16), "LC09_L2SP_190027_20230810_stack.tif", bands=("B4", "B3", "B2", "B5"))


def test_model_for_landsat_super_resolves_a_landsat_stack(landsat_stack, tmp_path):
    config = SISRConfig(sensor="landsat-oli", bands=("B4", "B3", "B2", "B5"), channels=16, blocks=1)
    torch.manual_seed(0)
    model = SISR(config).eval()
    model.save_pretrained(tmp_path / "landsat")
    with rasterio.open(landsat_stack) as stack:
        dn = stack.read()
    reflectance = np.where(dn == 0, np.nan, dn * 2.75e-5 - 0.2).astype(np.float32)
    expected = model.predict(reflectance)
    request = ["predict", str(landsat_stack), "-o", str(tmp_path / "sr.tif"), "--model", str(tmp_path / "landsat")]
    assert main([*request, "--sensor", "landsat-oli", "--precision", "fp32", "--quiet"]) == 0
    with rasterio.open(tmp_path / "sr.tif") as result:
        gain, bias = np.array(result.scales)[:, None, None], np.array(result.offsets)[:, None, None]
        made, nodata = result.read(), result.nodata
    np.testing.assert_array_equal(made == nodata, np.isnan(expected))
    assert_stored(made, (expected - bias) / gain, config.scale)


def test_model_of_another_sensor_is_refused_in_one_line(landsat_stack, tmp_path, capfd):
    request = ["predict", str(landsat_stack), "-o", str(tmp_path / "sr.tif"), "--sensor", "landsat-oli"]
    assert main(request) == 2
    error = capfd.readouterr().err
    assert "landsat-oli" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "sr.tif").exists()


def bad_requests(write_tif, tmp_path, model_folder):
    good = str(write_tif(scene_dn(8, 8)))
    three = str(write_tif(scene_dn(8, 8, bands=3), "three.tif", bands=("B04", "B03", "B02")))
    corrupt = tmp_path / "corrupt.tif"
    corrupt.write_bytes(b"II*\0garbage")
    out, small = str(tmp_path / "out.tif"), str(model_folder)
    return [
        ([three, "-o", out, "--model", small], "B08"),
        ([str(corrupt), "-o", out, "--model", small], "truncated"),
        ([str(tmp_path / "no.tif"), "-o", out, "--model", small], "does not exist"),
        ([good, "-o", good, "--model", small], "input"),
        ([good, "-o", str(tmp_path), "--model", small], "GeoTIFF"),
        ([good, "-o", out, "--model", "sisr-x4"], "sisr-x4-rgbn"),
        ([good, "-o", out, "--model", "./no/such/folder"], "./no/such/folder"),
        ([good, "-o", out, "--model", ""], "empty"),
        ([good, three, "-o", out, "--model", small], "one image"),
        ([good, three, "-o", out, "--reference", "two.tif"], "scene.tif, three.tif"),
    ]


@pytest.mark.parametrize("case", range(10))
def test_wrong_request_is_one_line_with_exit_code_2_and_writes_nothing(write_tif, tmp_path, model_folder, case, capfd):
    arguments, words = bad_requests(write_tif, tmp_path, model_folder)[case]
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert main(["predict", *arguments]) == 2
    captured = capfd.readouterr()
    lines = captured.err.splitlines()
    assert len(lines) == 1, captured.err
    assert lines[0].startswith("rs-srgan: ")
    assert words in lines[0]
    assert captured.out == ""
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_bbox_is_in_degrees(write_tif, model_folder, tmp_path, capsys):
    source = write_tif(scene_dn(40, 40))
    with rasterio.open(source) as dataset:
        west, south, east, north = transform_bounds(dataset.crs, "OGC:CRS84", *dataset.bounds)
    box = [str(value) for value in (west, (south + north) / 2, east, north)]
    request = ["predict", str(source), "-o", str(tmp_path / "o.tif"), "--model", str(model_folder), "--quiet"]
    assert main([*request, "--bbox", *box]) == 0
    with rasterio.open(tmp_path / "o.tif") as result:
        assert 80 <= result.height < 100
    assert main([*request, "--overwrite", "--bbox", "-10", "10", "-9", "11"]) == 2
    assert "lies outside scene.tif" in capsys.readouterr().err


def test_files_of_one_band_each_are_stacked(write_tif, model_folder, tmp_path):
    dn = scene_dn(16, 16)
    names = ("B04", "B03", "B02", "B08")
    paths = [write_tif(dn[[at]], f"T33TWL_20230810_{names[at]}_10m.tif", bands=None) for at in (2, 1, 0, 3)]
    request = ["--model", str(model_folder), "--quiet", "--engine", "torch", "--precision", "fp32", "-o"]
    assert main(["predict", *map(str, paths), "--stack", *request, str(tmp_path / "stacked.tif")]) == 0
    assert main(["predict", str(write_tif(dn)), *request, str(tmp_path / "whole.tif")]) == 0
    with rasterio.open(tmp_path / "stacked.tif") as stacked, rasterio.open(tmp_path / "whole.tif") as whole:
        np.testing.assert_array_equal(stacked.read(), whole.read())
        assert stacked.descriptions == whole.descriptions == names


def test_lost_metadata_can_be_stated(write_tif, model_folder, tmp_path):
    dn = scene_dn(16, 16)
    dn[:, :4] = 7
    full = (dn[[2, 1, 0, 3]] / 10_000 * 65_535).clip(0, 65_535).astype(np.uint16)
    full[:, :4] = 7
    source = write_tif(full, bands=("a", "b", "c", "d"))
    request = ["predict", str(source), "--model", str(model_folder), "--quiet", "-o", str(tmp_path / "o.tif")]
    assert main(request) == 2
    stated = ["--band-names", "B02,B03,B04,B08", "--scale", "1/65535", "--nodata", "7"]
    assert main([*request, *stated]) == 0
    with rasterio.open(tmp_path / "o.tif") as result:
        pixels, (gain, *_) = result.read(), result.scales
        assert result.nodata == 7 and result.descriptions == ("B04", "B03", "B02", "B08")
    assert (pixels[:, :16] == 7).all() and (pixels[:, 16:] != 7).all()
    expected = full[[2, 1, 0, 3], 4:].mean((1, 2)) / 65_535
    np.testing.assert_allclose(pixels[:, 16:].mean((1, 2)) * gain, expected, rtol=0.03)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("B04", "B03", "B02", "B08"), "descriptions"),
        (None, "order"),
        (("Band 1", "Band 2", "Band 3", "Band 4"), "order"),
    ],
)
def test_the_first_line_names_the_bands_and_their_source(write_tif, model_folder, tmp_path, caplog, names, words):
    caplog.set_level("INFO", "rs_srgan")
    source = write_tif(scene_dn(16, 16), bands=names)
    assert main(["predict", str(source), "-o", str(tmp_path / "o.tif"), "--model", str(model_folder)]) == 0
    first = caplog.messages[0]
    assert "B04, B03, B02, B08" in first and words in first
