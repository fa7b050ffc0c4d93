import uuid

import pytest

from rs_srgan import InputError, PredictOptions
from rs_srgan.batch.manifest import Manifest, Record, Written, inputs_of, request_of
from rs_srgan.batch.output import OutputFolder
from rs_srgan.batch.rows import Row

OPTIONS = PredictOptions(tile=64, resume=True, threads=2)


@pytest.fixture
def row(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"1234")
    return Row((str(tmp_path / "a.tif"),), "a_sr.tif")


@pytest.fixture(params=["local", "memory"])
def folder(request, tmp_path):
    if request.param == "memory":
        pytest.importorskip("fsspec")
        return OutputFolder(f"memory://{uuid.uuid4().hex}")
    made = OutputFolder(tmp_path / "out")
    made.prepare()
    return made


def finish(folder, row, request):
    manifest = Manifest(folder)
    manifest.plan([row.output])
    files = [Written(row.output, 10, "ab")]
    manifest.record(Record(row.output, request, inputs_of(row.sources), files, 16, 1.5))
    manifest.flush()


def test_a_later_run_knows_what_is_done(folder, row):
    request = request_of(row, OPTIONS, "m", "f1")
    finish(folder, row, request)
    finish(folder, Row(("b.tif",), "b_sr.tif"), request)
    manifest = Manifest(folder)
    assert manifest.is_done(row, request, {"a_sr.tif": 10})
    assert not manifest.is_done(row, request, {})
    assert not manifest.is_done(row, request, {"a_sr.tif": 9})
    assert not manifest.is_done(Row(("c.tif",), "c_sr.tif"), request, {"c_sr.tif": 10})
    assert manifest.planned == {"a_sr.tif", "b_sr.tif"}
    assert not Manifest(folder, overwrite=True).done


@pytest.mark.parametrize(
    ("options", "fingerprint", "word"),
    [(PredictOptions(tile=32), "f1", "options"), (PredictOptions(tile=64), "f2", "fingerprint")],
)
def test_another_request_is_refused(folder, row, options, fingerprint, word):
    finish(folder, row, request_of(row, OPTIONS, "m", "f1"))
    with pytest.raises(InputError, match=word):
        Manifest(folder).is_done(row, request_of(row, options, "m", fingerprint), {"a_sr.tif": 10})


def test_options_that_change_no_pixel_do_not_count(row):
    assert request_of(row, PredictOptions(tile=64), "m", "f1") == request_of(row, OPTIONS, "m", "f1")


def test_a_changed_input_is_refused(folder, row, tmp_path):
    request = request_of(row, OPTIONS, "m", "f1")
    finish(folder, row, request)
    (tmp_path / "a.tif").write_bytes(b"12345")
    with pytest.raises(InputError, match="changed"):
        Manifest(folder).is_done(row, request, {"a_sr.tif": 10})


def test_the_last_line_of_a_killed_run_may_be_torn_but_no_other(row, tmp_path):
    folder = OutputFolder(tmp_path / "out")
    folder.prepare()
    request = request_of(row, OPTIONS, "m", "f1")
    finish(folder, row, request)
    (file,) = (tmp_path / "out" / "manifest").iterdir()
    whole = file.read_text()
    file.write_text(whole + whole[:50])
    assert Manifest(folder).is_done(row, request, {"a_sr.tif": 10})
    file.write_text(whole[:50] + "\n" + whole)
    with pytest.raises(InputError, match="damaged"):
        Manifest(folder)
