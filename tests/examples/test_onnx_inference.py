"""The example gives the result of `rs-srgan predict`, in a process without PyTorch and rs_srgan."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
import torch

from rs_srgan import MISR, SISR, MISRConfig, SISRConfig, super_resolve
from rs_srgan.inference.onnx_export import export
from tests.conftest import UTM_10M, scene_dn

EXAMPLE = Path(__file__).parents[2] / "examples" / "onnx_inference.py"


def run(*arguments):
    code = (
        "import runpy, sys; sys.modules['torch'] = sys.modules['rs_srgan'] = None; sys.argv = sys.argv[1:];"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    warned = "error::PendingDeprecationWarning:__main__"  # of the example itself
    return subprocess.run(
        [sys.executable, "-W", warned, "-c", code, str(EXAMPLE), *map(str, arguments)], capture_output=True, text=True
    )


def pixels(path):
    with rasterio.open(path) as dataset:
        return dataset.read(), dataset.transform, dataset.descriptions


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A small model and its ONNX file: an export takes a second."""
    torch.manual_seed(0)
    model = SISR(SISRConfig(channels=16, blocks=2)).eval()
    with torch.no_grad():
        model.generator.tail.weight.mul_(10)
    return model, export(model, tmp_path_factory.mktemp("exported") / "m.onnx")


@pytest.mark.parametrize("offset", [0, -1000])
def test_the_result_equals_that_of_predict_over_several_tiles(exported, write_tif, tmp_path, offset):
    model, onnx = exported
    source = write_tif(scene_dn(40, 300) + np.uint16(-offset), bands=("B08", "B02", "B03", "B04"))
    process = run(onnx, source, tmp_path / "found.tif", "--offset", offset)
    assert process.returncode == 0, process.stderr
    exact = {"precision": "fp32", "engine": "torch", "dtype": "float32"}  # without clipping, which keeps means
    expected = super_resolve(source, tmp_path / "expected.tif", model, offset=offset, **exact)
    (found, transform, bands), (wanted, *where) = pixels(tmp_path / "found.tif"), pixels(expected)
    assert (transform, bands) == tuple(where)
    np.testing.assert_allclose(found, (wanted * 10_000).clip(1, 65_535), atol=1)  # the example writes no DN below 1


def test_nodata_pixels_stay_nodata(exported, write_tif, tmp_path):
    _, onnx = exported
    dn = scene_dn(30, 30)
    dn[:, 10:14, 5:9] = 0
    process = run(onnx, write_tif(dn, nodata=0), tmp_path / "found.tif")
    assert process.returncode == 0, process.stderr
    found, _, _ = pixels(tmp_path / "found.tif")
    np.testing.assert_array_equal(found == 0, (dn == 0).repeat(4, axis=1).repeat(4, axis=2))


def test_a_model_with_a_guide_reads_a_second_file(write_tif, tmp_path):
    torch.manual_seed(0)
    config = SISRConfig(scale=2, bands=("B11", "B12"), guide_bands=("B04", "B08"), channels=16, blocks=1)
    model = SISR(config).eval()
    with torch.no_grad():
        model.generator.tail.weight.mul_(10)
    lr, fine = scene_dn(24, 20, bands=2), scene_dn(48, 40, bands=2, seed=1)
    source = write_tif(lr, "lr.tif", bands=config.bands, transform=UTM_10M * UTM_10M.scale(2))
    guide = write_tif(fine, "guide.tif", bands=config.guide_bands)
    file = export(model, tmp_path / "m.onnx")
    assert "--guide" in run(file, source, tmp_path / "found.tif").stderr
    process = run(file, source, tmp_path / "found.tif", "--guide", guide)
    assert process.returncode == 0, process.stderr
    expected = model.predict(lr / np.float32(10000), fine / np.float32(10000))
    found, _, _ = pixels(tmp_path / "found.tif")
    np.testing.assert_allclose(found, (expected * 10000).clip(1), atol=1)


def test_the_example_opens_no_file_that_names_other_files(exported, write_tif, tmp_path):
    _, onnx = exported
    scene = write_tif(scene_dn(30, 30))
    rasterio.shutil.copy(scene, tmp_path / "names_another.tif", driver="VRT")
    process = run(onnx, tmp_path / "names_another.tif", tmp_path / "found.tif")
    assert process.returncode != 0
    assert not (tmp_path / "found.tif").exists()


def test_the_example_ignores_files_beside_the_scene(exported, write_tif, tmp_path):
    _, onnx = exported
    scene = write_tif(scene_dn(30, 30))
    assert run(onnx, scene, tmp_path / "alone.tif").returncode == 0
    band = "<PAMRasterBand band='1'><NoDataValue>900</NoDataValue><Scale>2</Scale></PAMRasterBand>"
    scene.with_name("scene.tif.aux.xml").write_text(f"<PAMDataset>{band}</PAMDataset>")
    assert run(onnx, scene, tmp_path / "beside.tif").returncode == 0
    np.testing.assert_array_equal(pixels(tmp_path / "beside.tif")[0], pixels(tmp_path / "alone.tif")[0])


@pytest.mark.parametrize(
    ("names", "pixels", "profile"),
    [
        (("0_B2", "0_B3", "0_B4", "0_B8"), scene_dn(8, 8), {}),
        (("blue", "green", "red", "nir"), scene_dn(8, 8), {}),
        (None, scene_dn(8, 8), {"photometric": "RGB", "blue first": True}),
        (None, scene_dn(8, 8, bands=5), {}),
        (("B04", "B03", "B02", "B08"), np.full((4, 8, 8), 90, np.uint8), {}),
        (("B04", "B03", "B02", "B08"), scene_dn(8, 8).astype(np.float32), {}),
        (("B04", "B03", "B02", "B08"), (scene_dn(8, 8) / 1e4).astype(np.float32), {"scales": (1e-4,) * 4}),
    ],
)
def test_what_the_example_does_not_understand_is_refused(exported, write_tif, tmp_path, names, pixels, profile):
    _, onnx = exported
    blue_first = profile.pop("blue first", False)
    source = write_tif(pixels, bands=names, **profile)
    if blue_first:
        with rasterio.open(source, "r+") as dataset:
            kinds = ("blue", "green", "red", "undefined")
            dataset.colorinterp = [rasterio.enums.ColorInterp[kind] for kind in kinds]
    process = run(onnx, source, tmp_path / "found.tif")
    assert process.returncode != 0 and "expected" in process.stderr and "Traceback" not in process.stderr
    assert not (tmp_path / "found.tif").exists()


@pytest.mark.parametrize(
    ("items", "of_band"),
    [
        ({"scale_factor": "0.0001", "add_offset": "-0.1"}, True),
        ({"BOA_ADD_OFFSET": "-1000"}, False),
        ({"RADIO_ADD_OFFSET": "-1000"}, True),
        ({"_FillValue": "77"}, False),
    ],
)
def test_metadata_that_change_the_values_are_refused(exported, write_tif, tmp_path, items, of_band):
    source = write_tif(scene_dn(8, 8))
    with rasterio.open(source, "r+") as dataset:
        for index in dataset.indexes if of_band else [0]:
            dataset.update_tags(index, **items)
    process = run(exported[1], source, tmp_path / "found.tif")
    assert process.returncode == 1 and "use rs-srgan" in process.stderr and "Traceback" not in process.stderr
    assert not (tmp_path / "found.tif").exists()
    tagged = {"scales": (1e-4,) * 4, "offsets": (-0.1,) * 4, "nodata": 77}
    with rasterio.open(source, "r+") as dataset:
        dataset.scales, dataset.offsets, dataset.nodata = tagged.values()
    assert run(exported[1], source, tmp_path / "found.tif").returncode == 0, "tags come before metadata"


@pytest.mark.parametrize("mask", ["dataMask", "alpha"])
def test_a_mask_among_the_bands_is_refused(exported, write_tif, tmp_path, mask):
    source = write_tif(scene_dn(8, 8, bands=5), bands=("B04", "B03", "B02", "B08", mask))
    if mask == "alpha":
        with rasterio.open(source, "r+") as dataset:
            dataset.colorinterp = [*dataset.colorinterp[:4], rasterio.enums.ColorInterp.alpha]
    process = run(exported[1], source, tmp_path / "found.tif")
    assert process.returncode == 1 and mask in process.stderr and "use rs-srgan" in process.stderr


@pytest.mark.parametrize("fill", [-9999, -10_000, -32_768])
def test_undeclared_fill_values_are_read_as_predict_does(exported, write_tif, tmp_path, fill):
    model, onnx = exported
    dn = scene_dn(16, 16).astype(np.int16)
    dn[:, 10:, 12:] = fill
    source = write_tif(dn)
    process = run(onnx, source, tmp_path / "found.tif")
    assert process.returncode == 0, process.stderr
    expected = super_resolve(source, tmp_path / "expected.tif", model, precision="fp32", engine="torch")
    with rasterio.open(expected) as dataset:
        empty = dataset.read_masks(1) == 0
    np.testing.assert_array_equal((pixels(tmp_path / "found.tif")[0] == 0).all(0), empty)
    assert 0 < empty.mean() < 0.5


def test_floats_tags_and_undeclared_zeros_are_read_as_predict_does(exported, write_tif, tmp_path):
    model, onnx = exported
    dn = scene_dn(24, 24)
    dn[:, :5] = 0
    tagged = write_tif(
        np.where(dn > 0, dn + 1000, 0).astype(np.uint16), "t.tif", scales=(1e-4,) * 4, offsets=(-0.1,) * 4
    )
    for source in (write_tif(dn, "plain.tif"), write_tif((dn / 1e4).astype(np.float32), "f.tif"), tagged):
        process = run(onnx, source, tmp_path / f"found_{source.name}")
        assert process.returncode == 0, process.stderr
        found, _, _ = pixels(tmp_path / f"found_{source.name}")
        exact = {"precision": "fp32", "engine": "torch", "dtype": "float32"}  # without clipping, which keeps means
        wanted, _, _ = pixels(super_resolve(source, tmp_path / f"expected_{source.name}", model, **exact))
        data = dn[0].repeat(4, axis=0).repeat(4, axis=1) > 0
        assert (found[:, ~data] == 0).all()
        inner = (slice(None), slice(80, None), slice(None))  # the example fills nodata in a simpler way
        np.testing.assert_allclose(found[inner], (wanted * 10_000).clip(1, 65_535)[inner], atol=1)


@pytest.fixture(scope="module")
def revisits(tmp_path_factory):
    """A small model of three views and its ONNX file."""
    torch.manual_seed(0)
    model = MISR(MISRConfig(scale=2, channels=16, blocks=1, fusion_channels=16, fusion_blocks=1)).eval()
    with torch.no_grad():
        for parameter in model.fusion.parameters():
            parameter.normal_(0, 0.05)
    return model, export(model, tmp_path_factory.mktemp("exported") / "m.onnx", views=3)


def views_of_land():
    """Return DN of three revisits of one place, shifted by parts of a pixel and in another light."""
    fine = scene_dn(240, 288).astype(np.float64)
    fine = sum(np.roll(fine, shift, (1, 2)) for shift in np.ndindex(4, 4)) / 16  # what a pixel of four sees
    starts, lights = ((12, 12), (14, 11), (9, 15)), ((1.0, 0), (0.9, 40), (1.05, -20))
    return [
        (gain * fine[:, row : row + 216 : 4, col : col + 260 : 4] + bias).round().astype(np.uint16)
        for (row, col), (gain, bias) in zip(starts, lights, strict=True)
    ]


@pytest.mark.slow
def test_a_model_of_several_revisits_takes_views_with_masks(revisits, write_tif, tmp_path):
    """Run by `python -m pytest -m slow tests/examples`: the export of several views takes half a minute."""
    model, onnx = revisits
    june, may, july = (write_tif(dn, f"{at}.tif") for at, dn in enumerate(views_of_land()))
    clear = np.ones((1, 54, 65), np.uint8)
    clear[:, :, :20] = 0
    mask = write_tif(clear, "mask.tif", bands=None)
    exact = {"precision": "fp32", "engine": "torch", "dtype": "float32"}  # without clipping, which keeps means
    expected = {
        "both": super_resolve(
            [june, may, july], tmp_path / "both.tif", model, masks=["-", "-", mask], reference=0, **exact
        ),
        "one": super_resolve([june, may], tmp_path / "one.tif", model, reference=0, **exact),
        "none": super_resolve(june, tmp_path / "none.tif", model.alone(), **exact),
    }
    given = {"both": ["--views", may, july, "--masks", "-", mask], "one": ["--views", may], "none": []}
    inner = (slice(None), slice(40, -40), slice(40, -40))
    wanted = {name: (pixels(result)[0] * 10_000).clip(1, 65_535)[inner] for name, result in expected.items()}
    for name, arguments in given.items():
        process = run(onnx, june, tmp_path / f"found_{name}.tif", *arguments)
        assert process.returncode == 0, process.stderr
        found, _, bands = pixels(tmp_path / f"found_{name}.tif")
        off = np.abs(found[inner] - wanted[name])
        assert bands == ("B04", "B03", "B02", "B08")
        if name == "none":
            assert off.max() <= 1
        else:  # the two find shifts and tones in different ways
            assert off.mean() < 0.1 * np.abs(wanted["none"] - wanted[name]).mean()


def test_a_model_of_one_image_refuses_views(exported, write_tif, tmp_path):
    process = run(exported[1], write_tif(scene_dn(40, 44)), tmp_path / "found.tif", "--views", tmp_path / "other.tif")
    assert process.returncode == 1 and "one image" in process.stderr and "Traceback" not in process.stderr


@pytest.mark.slow
def test_views_that_do_not_fit_are_refused(revisits, write_tif, tmp_path):
    """Run by `python -m pytest -m slow tests/examples`."""
    scene, other = write_tif(scene_dn(40, 44)), write_tif(scene_dn(40, 40), "other.tif")
    for arguments, word in (
        (["--views", other], "grid"),
        (["--views", scene, scene, scene], "3 views"),
        (["--views", scene, "--masks", "-", "-"], "--masks"),
    ):
        process = run(revisits[1], scene, tmp_path / "found.tif", *arguments)
        assert process.returncode == 1 and word in process.stderr and "Traceback" not in process.stderr
