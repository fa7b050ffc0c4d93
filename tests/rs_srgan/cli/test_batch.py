import json

import pytest

from rs_srgan.cli.main import main
from tests.conftest import scene_dn


@pytest.fixture
def scenes(write_tif, tmp_path):
    (tmp_path / "in").mkdir()
    write_tif(scene_dn(30, 30), "in/a.tif")
    return tmp_path / "in"


def test_without_ray_batch_says_how_to_install_it(monkeypatch, scenes, tmp_path, capsys):
    monkeypatch.setattr("rs_srgan.errors.find_spec", lambda _: None)
    assert main(["batch", str(scenes), "-o", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_exit_codes_and_the_log(scenes, model_folder, tmp_path, capsys):
    """Slow: python -m pytest -m slow tests/rs_srgan/cli/test_batch.py."""
    pytest.importorskip("ray")
    command = ["batch", str(scenes), "-o", str(tmp_path / "out"), "--model", str(model_folder), "--tile", "16"]
    (scenes / "bad.tif").write_bytes(b"II*\0junk")
    with pytest.raises(SystemExit) as some:
        main([*command, "--log", str(tmp_path / "log.jsonl")])
    events = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert some.value.code == 3
    assert {"done", "failed"} <= {each.get("event") for each in events}
    assert capsys.readouterr().out.strip() == str(tmp_path / "out" / "report.md")
    (scenes / "a.tif").unlink()
    with pytest.raises(SystemExit) as every:
        main(command)
    assert every.value.code == 1
    (scenes / "bad.tif").unlink()
    assert main(command) == 2


@pytest.mark.slow
def test_a_pattern_of_the_shell_names_the_scenes(write_tif, model_folder, tmp_path):
    """Slow: python -m pytest -m slow tests/rs_srgan/cli/test_batch.py."""
    pytest.importorskip("ray")
    images = [str(write_tif(scene_dn(30, 30), f"{name}.tif")) for name in "abc"]
    assert main(["batch", *images[:2], "-o", str(tmp_path / "out"), "--model", str(model_folder), "--tile", "16"]) == 0
    assert sorted(each.name for each in (tmp_path / "out").glob("*.tif")) == ["a_sr.tif", "b_sr.tif"]
