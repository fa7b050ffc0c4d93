import uuid

import pytest

from rs_srgan import InputError
from rs_srgan.batch.output import OutputFolder


@pytest.fixture(params=["local", "file", "memory"])
def folder(request, tmp_path):
    if request.param == "memory":
        pytest.importorskip("fsspec")
        return OutputFolder(f"memory://{uuid.uuid4().hex}/out/")
    made = OutputFolder(tmp_path / "a b" if request.param == "local" else (tmp_path / "a b").as_uri())
    made.prepare()
    return made


def test_texts_are_read_back_and_listed(folder):
    assert folder.read_text("manifest/a.txt") is None
    assert folder.sizes("manifest") == {}
    folder.write_text("manifest/a.txt", "önce")
    folder.write_text("manifest/a.txt", "ö")
    folder.write_text("b.txt", "12")
    assert folder.read_text("manifest/a.txt") == "ö"
    assert folder.sizes("manifest") == {"a.txt": 2}
    assert folder.sizes() == {"b.txt": 2}


@pytest.mark.parametrize("step", ["put_file", "mv", "info"])
def test_a_file_arrives_whole_or_not_at_all(tmp_path, monkeypatch, step):
    pytest.importorskip("fsspec")
    from fsspec.implementations.memory import MemoryFileSystem

    folder = OutputFolder(f"memory://{uuid.uuid4().hex}")
    file = tmp_path / "a.tif"
    file.write_bytes(bytes(range(256)) * 1000)

    def broken(*_, **__):
        raise OSError("the network is gone")

    with monkeypatch.context() as patch:
        patch.setattr(MemoryFileSystem, step, broken)
        with pytest.raises(OSError, match="network"):
            folder.commit(file, "a.tif")
    assert folder.sizes() == {}
    folder.commit(file, "a.tif")
    assert folder.sizes() == {"a.tif": 256_000}


def test_a_file_system_that_is_not_installed_is_named(tmp_path):
    pytest.importorskip("fsspec")
    with pytest.raises(InputError, match="unheard"):
        OutputFolder("unheard://bucket/x")


@pytest.mark.parametrize("inside", ["", "deeper/and/deeper"])
def test_a_file_is_no_folder(tmp_path, inside):
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="results"):  # the path has the other words
        OutputFolder(tmp_path / "out" / inside).require_possible()
    OutputFolder(tmp_path / "other" / inside).require_possible()
    assert not (tmp_path / "other").exists()
