"""A worker in this process, with a real object store."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rasterio

from rs_srgan import InputError, PredictOptions, super_resolve
from rs_srgan.addresses import is_item
from rs_srgan.batch.task import SceneTask
from rs_srgan.inference.engines import make_engine
from rs_srgan.inference.scene import open_scene
from rs_srgan.writing.geotiff import GeoTiffWriter
from tests.rs_srgan.inference.conftest import pixels

pytest.importorskip("ray")
from rs_srgan.batch import worker as worker_module
from rs_srgan.batch.worker import Worker


@pytest.fixture(scope="module")
def worker(ray_here):
    return Worker(1)


def test_a_worker_makes_the_blocks_of_a_single_run(worker, ray_here, model, scenes, tmp_path):
    source, options = scenes((40, 50)) / "s0.tif", PredictOptions(tile=16)
    alone = super_resolve(source, tmp_path / "alone.tif", model, options)
    task = SceneTask(1, (str(source),), options, model.fingerprint(), (ray_here.put(model),))
    opened = worker.open(task)
    assert any("thinned" in warning for warning in opened.warnings)
    outline = opened.outline
    out = GeoTiffWriter(tmp_path / "out.tif", outline.grid, outline.encodings[0], outline.bands, {}, "zstd", 64)
    for index in range(len(outline.parts)):
        note, ((*blocks,),) = worker.compute(task, index)
        assert note.engine == f"{outline.request['engine']}, {outline.request['version of rs_srgan or its engine']}"
        assert set(note.seconds) == {"read", "compute", "compress"}
        for each in blocks:
            out.append(each)
    out.settle()
    out.close()
    np.testing.assert_array_equal(pixels(tmp_path / "out.tif"), pixels(alone))


def test_open_scenes_are_closed_again(worker, ray_here, model, scenes):
    source, put = scenes((20, 20)) / "s0.tif", (ray_here.put(model),)
    for number in range(100, 120):
        worker.open(SceneTask(number, (str(source),), PredictOptions(tile=16), model.fingerprint(), put))
    note, _ = worker.compute(SceneTask(100, (str(source),), PredictOptions(tile=16), model.fingerprint(), put), 0)
    assert note.counts is not None


def test_scenes_that_are_opened_side_by_side_have_one_model_and_one_engine(ray_here, model, scenes, monkeypatch):
    source, put, made = scenes((20, 20)) / "s0.tif", (ray_here.put(model),), []
    together = threading.Barrier(4, timeout=60)

    def opened_together(*args):
        together.wait()
        return open_scene(*args)

    def counted(*args):
        made.append(args[0])
        return make_engine(*args)

    monkeypatch.setattr(worker_module, "open_scene", opened_together)
    monkeypatch.setattr(worker_module, "make_engine", counted)
    worker = Worker(1)
    tasks = [SceneTask(number, (str(source),), PredictOptions(), model.fingerprint(), put) for number in range(4)]
    with ThreadPoolExecutor(4) as threads:
        assert len(list(threads.map(worker.open, tasks))) == 4
    assert len(made) == 1


def test_damaged_images_and_items_without_an_area_are_refused(worker, ray_here, model, tmp_path):
    (tmp_path / "bad.tif").write_bytes(b"II*\0junk")
    item = "https://earth-search.aws.element84.com/v1/collections/sentinel-2-l2a/items/X"
    assert is_item(item)
    put = (ray_here.put(model),)
    for number, source, word in ((201, str(tmp_path / "bad.tif"), "corrupt"), (202, item, "area")):
        task = SceneTask(number, (source,), PredictOptions(), model.fingerprint(), put)
        for _ in range(2):  # an error is not kept
            with pytest.raises(InputError, match=word):
                worker.open(task)


def test_blocks_without_data_are_not_computed(worker, ray_here, model, write_tif):
    source = write_tif(np.zeros((4, 32, 32), np.uint16), nodata=0)
    task = SceneTask(301, (str(source),), PredictOptions(tile=16), model.fingerprint(), (ray_here.put(model),))
    outline = worker.open(task).outline
    note, _ = worker.compute(task, 0)
    assert note.counts is None and "compute" not in note.seconds
    assert rasterio.dtypes.check_dtype(outline.encodings[0].dtype)
