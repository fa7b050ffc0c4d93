import numpy as np
import pytest
import rasterio
from affine import Affine

from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.grid import Grid
from rs_srgan.writing.result import Result
from rs_srgan.writing.unfinished import Unfinished

GRID = Grid(128, 64, rasterio.CRS.from_epsg(32632), Affine(2.5, 0, 6e5, 0, -2.5, 5e6))
DN = Encoding("uint16", (1e-4,), (0.0,), 0)
HALVES = [Window(0, 0, 64, 64), Window(64, 0, 64, 64)]


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(1, 9_999, (1, 128, 64), np.uint16)


def begin(unfinished):
    return Result(unfinished, GRID, DN, ["B04"], {"A": "b"}, "deflate", 64)


def run(target, pixels, cog):
    with Unfinished(target, {}, 2) as unfinished:
        result = begin(unfinished)
        for done, window in enumerate(HALVES, 1):
            result.write(window, pixels[:, *window.slices])
            result.settle(done)
        result.publish(cog)


def stop_after_half(target, pixels):
    with Unfinished(target, {}, 2) as unfinished:
        result = begin(unfinished)
        result.write(HALVES[0], pixels[:, *HALVES[0].slices])
        result.settle(1)
        result.close()
        raise KeyboardInterrupt


@pytest.mark.parametrize("cog", [False, True])
def test_a_published_result_has_its_name_and_all_pixels(tmp_path, pixels, cog):
    run(tmp_path / "out.tif", pixels, cog)
    assert [path.name for path in tmp_path.iterdir()] == ["out.tif"]
    with rasterio.open(tmp_path / "out.tif") as dataset:
        np.testing.assert_array_equal(dataset.read(), pixels)
        assert (dataset.tags(ns="IMAGE_STRUCTURE").get("LAYOUT") == "COG") == cog


def test_a_stopped_result_is_resumed_after_its_last_settled_part(tmp_path, pixels):
    target = tmp_path / "out.tif"
    with pytest.raises(KeyboardInterrupt):
        stop_after_half(target, pixels)
    with Unfinished(target, {}, 2, resume=True) as unfinished:
        result = begin(unfinished)
        assert result.done == 1
        result.write(HALVES[1], pixels[:, *HALVES[1].slices])
        result.settle(2)
        result.publish(cog=False)
    with rasterio.open(target) as dataset:
        np.testing.assert_array_equal(dataset.read(), pixels)


@pytest.mark.parametrize("cog", [False, True])
def test_a_run_killed_just_after_publishing_is_resumed_and_tidied_up(tmp_path, pixels, cog):
    """Its files beside the target are the target itself, so nothing may be written to them."""
    target = tmp_path / "out.tif"
    unfinished = Unfinished(target, {}, 2)
    result = begin(unfinished)
    for done, window in enumerate(HALVES, 1):
        result.write(window, pixels[:, *window.slices])
        result.settle(done)
    result.publish(cog)
    before, inode = target.read_bytes(), target.stat().st_ino
    assert len(list(tmp_path.iterdir())) > 1
    del unfinished, result
    with Unfinished(target, {}, 2, resume=True) as again:
        begin(again).publish(cog)
    assert [path.name for path in tmp_path.iterdir()] == ["out.tif"]
    assert (target.read_bytes(), target.stat().st_ino) == (before, inode)
