import os
import subprocess
import sys
from pathlib import Path

import pytest

from rs_srgan.cli.programs import programs, require_or_exit, with_own_configuration

ROOT = Path(__file__).parents[3]
OWN = "train/configs/finetune.yaml"


def run(program, *words, **options):
    code = f"import sys; from rs_srgan.cli.programs import {program}; sys.exit({program}())"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, env=environment, **options
    )


def test_the_programs_are_those_of_the_checkout():
    assert programs() == ROOT
    assert all((programs() / name / "__main__.py").is_file() for name in ("app", "train"))


@pytest.mark.parametrize(("program", "words"), [("app", ["--help"]), ("train", ["--help"])])
def test_a_program_starts_also_where_another_has_its_name(program, words, tmp_path):
    (tmp_path / f"{program}.py").write_text("raise SystemExit('another')")
    done = run(program, *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"usage: python -m {program}" in done.stdout


def test_a_configuration_that_rs_srgan_brings_is_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert with_own_configuration(OWN) == str(ROOT / OWN)
    assert with_own_configuration(f"--config={OWN}") == f"--config={ROOT / OWN}"
    for other in ("fit", "own.yaml", "train/configs/none.yaml", "--data.root=train"):
        assert with_own_configuration(other) == other


def test_a_file_of_the_user_comes_before_one_of_rs_srgan(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(OWN).parent.mkdir(parents=True)
    Path(OWN).touch()
    assert with_own_configuration(OWN) == OWN


def test_a_missing_extra_is_named_in_one_line(capsys):
    with pytest.raises(SystemExit) as end:
        require_or_exit("rs-srgan-app", "Pages in the browser", ("gradio", "no_such_package"), "app")
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "no_such_package" in error and "rs_srgan[app]" in error
