"""A writer in this process, with a real object store."""

import hashlib
import uuid

import numpy as np
import pytest
import rasterio
from affine import Affine

from rs_srgan import InputError
from rs_srgan.batch.output import OutputFolder
from rs_srgan.batch.task import Target
from rs_srgan.inference.outline import Outline
from rs_srgan.pixels.radiometry import Encoding
from rs_srgan.pixels.windows import plan_tiles
from rs_srgan.reading.grid import Grid

pytest.importorskip("ray")
from rs_srgan.batch.writer import Writer

GRID = Grid(128, 128, rasterio.CRS.from_epsg(32632), Affine(2.5, 0, 6e5, 0, -2.5, 5e6))
DN = Encoding("uint16", (1e-4,), (0.0,), 0)
OUTLINE = Outline(
    *("s", GRID, (DN,), ("B04",), {}, {"model": "m"}, tuple(plan_tiles(32, 32, 16, 3)), 4, 1024, "0..1", "zstd", 64),
    cog_block_px=None,
)
PIXELS = np.random.default_rng(0).integers(1, 9_999, (1, 128, 128), np.uint16)


@pytest.fixture
def folder(tmp_path):
    made = OutputFolder(tmp_path / "out")
    made.prepare()
    return made


@pytest.fixture
def blocks(ray_here):
    windows = [part.core.scaled(4) for part in OUTLINE.parts]
    (layout,) = OUTLINE.layouts
    return [ray_here.put([list(layout.compressed(window, PIXELS[:, *window.slices]))]) for window in windows]


def test_blocks_in_any_order_and_twice_make_one_file(folder, blocks):
    writer = Writer()
    assert writer.begin(1, OUTLINE, Target(folder, ("a.tif",), True, True)) == 0
    assert writer.write(1, [2, 0], [blocks[2], blocks[0]], 10) == []
    assert writer.write(1, [3, 1, 2], [blocks[3], blocks[1], blocks[2]], 10) == []
    (file,) = writer.publish(1)
    content = (folder.local / "a.tif").read_bytes()
    assert (file.name, file.bytes, file.sha256) == ("a.tif", len(content), hashlib.sha256(content).hexdigest())
    with rasterio.open(folder.local / "a.tif") as dataset:
        np.testing.assert_array_equal(dataset.read(), PIXELS)
    assert [path.name for path in folder.local.iterdir()] == ["a.tif"]


def test_another_writer_goes_on_with_what_is_settled(folder, blocks):
    first, second, target = Writer(), Writer(), Target(folder, ("a.tif",), True, True)
    first.begin(1, OUTLINE, target)
    for index in range(4):
        first.write(1, [index], [blocks[index]], 10)
    first.stop(1)
    assert not (folder.local / "a.tif").exists()
    assert second.begin(1, OUTLINE, target) == 4
    assert second.publish(1)[0].name == "a.tif"


def test_results_reach_an_object_store_whole(tmp_path, blocks):
    pytest.importorskip("fsspec")
    folder, writer = OutputFolder(f"memory://{uuid.uuid4().hex}"), Writer()
    writer.begin(1, OUTLINE, Target(folder, ("a.tif",), True, True))
    writer.write(1, range(3), blocks[:3], 10)
    with pytest.raises(RuntimeError):
        writer.publish(1)
    assert folder.sizes() == {}
    writer.begin(1, OUTLINE, Target(folder, ("a.tif",), True, True))
    writer.write(1, range(4), blocks, 10)
    (file,) = writer.publish(1)
    assert folder.sizes() == {"a.tif": file.bytes}


def test_a_folder_that_is_not_the_drivers_is_refused(folder):
    target = Target(folder, ("a.tif",), True, True, mark=("run.txt", "other"))
    with pytest.raises(InputError, match="share"):
        Writer().begin(1, OUTLINE, target)
