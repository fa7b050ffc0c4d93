import shutil

import pytest

from rs_srgan import InputError
from rs_srgan.inference.job import resolve
from rs_srgan.inference.options import PredictOptions
from tests.conftest import scene_dn


def test_no_image_is_refused(model, tmp_path):
    with pytest.raises(InputError, match="several"):
        resolve([], tmp_path / "out.tif", model, PredictOptions())


def test_model_of_one_image_refuses_several(model, write_tif, tmp_path):
    views = [write_tif(scene_dn(8, 8), name) for name in ("a.tif", "b.tif")]
    with pytest.raises(InputError, match="misr-x4-rgbn"):
        resolve(views, tmp_path / "out.tif", model, PredictOptions())


@pytest.mark.parametrize(
    ("tile", "blocksize", "expected"),
    [(13, None, (16, 64)), (100, None, (128, 256)), (512, 1024, (512, 1024)), (16, 512, (128, 512))],
)
def test_tiles_are_whole_blocks(model, write_tif, tmp_path, tile, blocksize, expected):
    options = PredictOptions(tile=tile, blocksize=blocksize)
    job = resolve(write_tif(scene_dn(8, 8)), tmp_path / "out.tif", model, options)
    assert (job.tile_lr_px, job.block_px) == expected


@pytest.mark.parametrize("given", [1, "b.tif", "elsewhere/b.tif", "whole path"])
def test_reference_is_an_index_or_a_name(misr, write_tif, tmp_path, given):
    views = [write_tif(scene_dn(8, 8), name) for name in ("a.tif", "b.tif")]
    reference = views[1] if given == "whole path" else given
    job = resolve(views, tmp_path / "out.tif", misr, PredictOptions(reference=reference))
    assert job.reference == 1
    with pytest.raises(InputError, match=r"c\.tif") as refused:
        resolve(views, tmp_path / "out.tif", misr, PredictOptions(reference="c.tif"))
    assert "a.tif" in str(refused.value) and "b.tif" in str(refused.value)


def inputs_of_every_kind(write_tif, tmp_path):
    """Return a folder with an image, its product, mask, area and unfinished result, and the options that read them."""
    for name in ("scene.tif", "mask.tif", "X.SAFE/GRANULE/B04.tif", "area.tif", "out.tif.partial"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write_tif(scene_dn(8, 8), name)
    return {"masks": [tmp_path / "mask.tif"], "aoi": tmp_path / "area.tif", "overwrite": True}


@pytest.mark.parametrize(
    ("source", "target", "uncertainty"),
    [
        ("scene.tif", "mask.tif", None),
        ("scene.tif", "area.tif", None),
        ("X.SAFE", "X.SAFE/GRANULE/B04.tif", None),
        ("scene.tif", "sr.tif", "scene.tif"),
        ("X.SAFE", "sr.tif", "X.SAFE/GRANULE/B04.tif"),
        ("out.tif.partial", "out.tif", None),
    ],
)
def test_no_file_that_the_run_reads_is_an_output(misr, write_tif, tmp_path, source, target, uncertainty):
    options = inputs_of_every_kind(write_tif, tmp_path)
    second = None if uncertainty is None else tmp_path / uncertainty
    with pytest.raises(InputError, match="input"):
        resolve(tmp_path / source, tmp_path / target, misr, PredictOptions(**options, uncertainty=second))


def test_the_weights_are_no_output(write_tif, model_folder, tmp_path):
    shutil.move(model_folder / "model.safetensors", tmp_path / "weights.tif")
    (model_folder / "model.safetensors").symlink_to(tmp_path / "weights.tif")
    with pytest.raises(InputError, match="input"):
        resolve(write_tif(scene_dn(8, 8)), tmp_path / "weights.tif", model_folder, PredictOptions(overwrite=True))


def test_result_and_uncertainty_have_different_names_on_every_file_system(model, write_tif, tmp_path):
    options = PredictOptions(uncertainty=tmp_path / "OUT.tif")
    with pytest.raises(InputError, match="name"):
        resolve(write_tif(scene_dn(8, 8)), tmp_path / "out.tif", model, options)
