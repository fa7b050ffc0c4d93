"""Images that rasterio has opened, batches, and addresses: the same pixels as from a file."""

import functools
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import rasterio
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT

from rs_srgan import Cancelled, InputError, super_resolve
from tests.conftest import scene_dn


@pytest.fixture
def scene(write_tif):
    return write_tif(scene_dn(30, 34), nodata=0)


@pytest.fixture
def address(scene):
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(scene.parent))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/{scene.name}"
    server.shutdown()
    thread.join()
    server.server_close()


def pixels_of(path):
    with rasterio.open(path) as result:
        return result.read(), result.crs, result.transform, result.descriptions


def test_all_kinds_give_the_same_pixels(model, scene, address, tmp_path):
    expected, image = pixels_of(super_resolve(scene, tmp_path / "file.tif", model)), model.predict(scene)
    with rasterio.open(scene) as opened, WarpedVRT(opened) as warped, MemoryFile(scene.read_bytes()) as memory:
        for number, source in enumerate((opened, warped, memory, memory.name, address)):
            found = pixels_of(super_resolve(source, tmp_path / f"{number}.tif", model, progress=False))
            np.testing.assert_array_equal(found[0], expected[0])
            assert found[1:] == expected[1:]
            np.testing.assert_array_equal(model.predict(source), image)
        assert not opened.closed


def test_a_batch_is_its_images(model):
    batch = np.random.default_rng(0).random((2, 4, 12, 11), np.float32)
    np.testing.assert_array_equal(model.predict(batch), np.stack([model.predict(image) for image in batch]))
    with pytest.raises(InputError, match="batch"):
        model.predict(batch[:0])


def test_an_address_where_nothing_is_and_a_closed_dataset_are_named(model, scene, address, tmp_path):
    with pytest.raises(InputError, match="nothing"):
        super_resolve(address.replace("scene", "nothing"), tmp_path / "x.tif", model)
    with rasterio.open(scene) as opened:
        pass
    with pytest.raises(InputError, match="closed"):
        model.predict(opened)
    with pytest.raises(InputError, match="resume"):
        super_resolve(address, tmp_path / "x.tif", model, resume=True)
    assert not (tmp_path / "x.tif").exists()


def test_progress_is_called_and_may_cancel(model, scene, tmp_path):
    states = []
    super_resolve(scene, tmp_path / "a.tif", model, progress=states.append)
    assert states[-1].done_px == states[-1].total_px == 30 * 34

    def cancel(state):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        super_resolve(scene, tmp_path / "b.tif", model, progress=cancel)
    assert not (tmp_path / "b.tif").exists()


def test_a_cancelled_run_keeps_the_work_of_files_and_removes_that_of_images_in_memory(model, scene, tmp_path):
    """No later run could tell whether pixels in memory are still the same."""
    for number, source in enumerate((scene, MemoryFile(scene.read_bytes()))):
        cancel, target = threading.Event(), tmp_path / f"{number}.tif"
        with pytest.raises(Cancelled):
            super_resolve(source, target, model, tile=16, progress=lambda state, flag=cancel: flag.set(), cancel=cancel)
        assert not target.exists() and bool(list(tmp_path.glob(f"{number}.tif.partial"))) == (number == 0)
    super_resolve(scene, tmp_path / "0.tif", model, tile=16, resume=True)
    whole = super_resolve(scene, tmp_path / "whole.tif", model, tile=16)
    np.testing.assert_array_equal(pixels_of(tmp_path / "0.tif")[0], pixels_of(whole)[0])


def test_the_file_behind_an_open_raster_is_never_the_output(model, scene, tmp_path):
    before = scene.read_bytes()
    copy = tmp_path / "archive.tif"
    with zipfile.ZipFile(copy, "w") as archive:
        archive.write(scene, "scene.tif")
    with (
        rasterio.open(f"GTIFF_DIR:1:{scene}") as page,
        rasterio.open(f"/vsizip/{{{copy}}}/scene.tif") as packed,
        WarpedVRT(page) as warped,
    ):
        for image, target in ((page, scene), (warped, scene), (packed, copy)):
            with pytest.raises(InputError, match="input"):
                super_resolve(image, target, model, overwrite=True)
    assert scene.read_bytes() == before and zipfile.is_zipfile(copy)
