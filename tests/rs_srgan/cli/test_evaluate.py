import json
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("torchmetrics")
pytest.importorskip("matplotlib")

from rs_srgan.cli.main import main
from tests.conftest import scene_dn


def test_the_command_prints_the_tables_and_writes_the_report(write_tif, model_folder, tmp_path, capsys):
    source, target = write_tif(scene_dn(80, 96), "place_2020.tif"), tmp_path / "report"
    assert main(["evaluate", str(source), "--model", str(model_folder), "-o", str(target), "--pictures", "1"]) == 0
    out = capsys.readouterr().out
    for word in ("bicubic + 3 back-projections", "PSNR, dB", "opensr-test improvement", "| place "):
        assert word in out
    assert out.endswith(f"{target / 'report.md'}\n")
    assert json.loads((target / "report.json").read_text())["model"]["name"] == "small-model"
    assert len(list((target / "pictures").iterdir())) == 1


def test_options_reach_the_evaluation(write_tif, model_folder, tmp_path, capsys):
    for index in range(3):
        write_tif(scene_dn(80, 80, seed=index) + 1000, f"x{index}_y{index}.tif")
    target = tmp_path / "report"
    arguments = ["evaluate", *map(str, sorted(tmp_path.glob("*.tif"))), "--model", str(model_folder), "-o", str(target)]
    options = ["--no-reference", "--limit", "2", "--seed", "5", "--pictures", "0", "--offset", "-1000", "--quiet"]
    assert main([*arguments, *options, "--site-pattern", r"y\d"]) == 0
    assert capsys.readouterr().out == ""
    content = json.loads((target / "report.json").read_text())
    assert (content["protocol"], content["seed"], len(content["images"])) == ("real", 5, 2)
    assert all(each["site"] == each["name"][3:5] for each in content["images"])
    assert sorted(path.name for path in target.iterdir()) == ["report.json", "report.md"]
    with_offset = content["mean"]["model"]["spectral_deg"]
    assert main([*arguments, *options, "--overwrite", "--offset", "0"]) == 0
    assert json.loads((target / "report.json").read_text())["mean"]["model"]["spectral_deg"] != with_offset


def test_the_options_that_errors_advise_are_there(write_tif, model_folder, capsys):
    path = write_tif(scene_dn(80, 96)[::-1] * np.uint16(3), bands=("a", "b", "c", "d"))
    arguments = ["evaluate", str(path), "--model", str(model_folder)]
    assert main(arguments) == 2
    assert "--band-names" in capsys.readouterr().err
    options = ["--band-names", "B08,B02,B03,B04", "--scale", "1/30000", "--nodata", "none", "--sensor", "sentinel2"]
    assert main([*arguments, *options]) == 0


@pytest.mark.parametrize(("options", "unseen"), [([], None), (["--unseen"], True), (["--no-unseen"], False)])
def test_the_user_states_whether_training_used_the_sites(write_tif, model_folder, tmp_path, capsys, options, unseen):
    arguments = ["evaluate", str(write_tif(scene_dn(80, 80))), "--model", str(model_folder), "--pictures", "0"]
    assert main([*arguments, "-o", str(tmp_path / "report"), *options]) == 0
    assert json.loads((tmp_path / "report" / "report.json").read_text())["unseen"] is unseen
    assert ("Training did not use these sites." in capsys.readouterr().out) == (unseen is True)


def bad_requests(write_tif, tmp_path, small):
    good, other = str(write_tif(scene_dn(80, 80))), str(write_tif(scene_dn(80, 80), "other.tif"))
    three = str(write_tif(scene_dn(80, 80, bands=3), "three.tif", bands=("B04", "B03", "B02")))
    tiny = str(write_tif(scene_dn(30, 80), "tiny.tif"))
    empty = str(write_tif(scene_dn(80, 80) * np.uint16(0), "empty.tif", nodata=0))
    noise = np.random.default_rng(0).integers(1, 9999, (4, 80, 80), dtype=np.uint16)
    truncated = write_tif(noise, "truncated.tif")
    truncated.write_bytes(truncated.read_bytes()[:-9000])
    (tmp_path / "nothing").mkdir()
    for folder, side in (("hr", 80), ("lr", 19)):
        (tmp_path / "pairs" / folder).mkdir(parents=True)
        write_tif(scene_dn(side, side), f"pairs/{folder}/a.tif")
    held = tmp_path / "held"
    held.mkdir()
    (held / "mine.txt").write_text("x")
    return [
        ([good, "--model", "sisr-x4"], "No model 'sisr-x4'"),
        ([str(tmp_path / "no.tif"), "--model", small], "does not exist"),
        ([str(tmp_path / "nothing"), "--model", small], "Nothing to evaluate"),
        ([good, three, "--model", small], "three.tif has B04, B03, B02: B08 missing"),
        ([other, str(truncated), "--model", small], "truncated.tif is truncated or corrupt"),
        ([str(tmp_path / "pairs"), "--model", small], "HR 80 x 80; the model is x4, so expected 76 x 76"),
        ([tiny, "--model", small, "--quiet"], "at least 64 along each side"),
        ([empty, "--model", small, "--quiet"], "0% of its pixels hold data"),
        ([good, "--model", small, "-o", str(held)], "mine.txt"),
        ([good, "--model", small, "-o", str(tmp_path / "no" / "report")], "does not exist"),
        ([good, "--model", small, "--site-pattern", "("], "regular expression"),
        ([good, "--model", small, "--limit", "0"], "limit is 0"),
        ([good, "--model", small, "--pictures", "3"], "Pictures need a folder"),
    ]


@pytest.mark.parametrize("case", range(13))
def test_a_wrong_request_is_one_line_exit_code_2_and_nothing_written(write_tif, tmp_path, model_folder, case, capfd):
    arguments, words = bad_requests(write_tif, tmp_path, str(model_folder))[case]
    before = set(tmp_path.rglob("*"))
    assert main(["evaluate", *arguments]) == 2
    captured = capfd.readouterr()
    lines = [line for line in captured.err.splitlines() if "is left out" not in line]
    assert len(lines) == 1, captured.err
    assert lines[0].startswith("rs-srgan: ")
    assert words in lines[0]
    assert captured.out == ""
    assert set(tmp_path.rglob("*")) == before


def test_the_command_line_imports_no_extras():
    """Check that the other commands do not import the packages that only evaluations need."""
    code = "import sys, rs_srgan.cli.main; print({'torchmetrics', 'matplotlib'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
