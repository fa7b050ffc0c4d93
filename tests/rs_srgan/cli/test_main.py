import os
import shlex
import signal
import subprocess
import sys

import numpy as np
import pytest
import rasterio
import torch
from rasterio.warp import transform_bounds

from rs_srgan import MISR, SISR, MISRConfig
from rs_srgan.cli.main import main
from tests.conftest import scene_dn

COMMAND = [sys.executable, "-m", "rs_srgan"]


def test_predict_writes_the_target_and_prints_its_name(write_tif, model_folder, tmp_path, capsys):
    target = tmp_path / "out.tif"
    assert main(["predict", str(write_tif(scene_dn(12, 10))), "-o", str(target), "--model", str(model_folder)]) == 0
    assert capsys.readouterr().out == f"{target}\n"
    with rasterio.open(target) as result:
        assert result.shape == (48, 40)
        assert result.tags()["SR_MODEL"] == "small-model"


def test_options_reach_the_work(write_tif, model_folder, tmp_path):
    target = tmp_path / "out.tif"
    options = "--compress deflate --tile 5 --threads 2 --precision fp32 --offset -1000 --quiet --overwrite".split()
    arguments = ["predict", str(write_tif(scene_dn(12, 10) + 1000)), "-o", str(target), "--model", str(model_folder)]
    assert main([*arguments, *options]) == 0
    with rasterio.open(target) as result:
        assert result.profile["compress"] == "deflate"
        assert result.offsets == pytest.approx((-0.1,) * 4)


def test_revisits_have_masks_and_a_reference(write_tif, tmp_path, caplog):
    model = MISR(MISRConfig(channels=16, blocks=1, fusion_channels=16, fusion_blocks=1))
    model.save_pretrained(tmp_path / "several")
    views = [str(write_tif(scene_dn(40, 40), f"{day}.tif")) for day in ("20230810", "20230815")]
    mask = str(write_tif(np.ones((1, 40, 40), np.uint8), "clear.tif", bands=[None]))
    target = str(tmp_path / "out.tif")
    options = ["--model", str(tmp_path / "several"), "--reference", "20230815.tif", "--masks", "-", mask]
    assert main(["predict", *views, "-o", target, *options]) == 0
    said = caplog.text
    assert "20230815.tif (2023-08-15): 100 % clear" in said
    assert "20230810.tif (2023-08-10): 100 % clear, shifted +0.00 +0.00 px" in said.replace("-0.00", "+0.00")
    with rasterio.open(target) as result:
        assert result.shape == (160, 160)


def bad_requests(write_tif, tmp_path, model_folder):
    good = str(write_tif(scene_dn(8, 8)))
    three = str(write_tif(scene_dn(8, 8, bands=3), "three.tif", bands=("B04", "B03", "B02")))
    corrupt = tmp_path / "corrupt.tif"
    corrupt.write_bytes(b"II*\0garbage")
    out, small = str(tmp_path / "out.tif"), str(model_folder)
    return [
        ([three, "-o", out, "--model", small], "B08 missing"),
        ([str(corrupt), "-o", out, "--model", small], "truncated or corrupt"),
        ([str(tmp_path / "no.tif"), "-o", out, "--model", small], "does not exist"),
        ([good, "-o", good, "--model", small], "is the input"),
        ([good, "-o", str(tmp_path), "--model", small], "is no GeoTIFF"),
        ([good, "-o", out, "--model", "sisr-x4"], "No model 'sisr-x4': expected one of"),
        ([good, "-o", out, "--model", "./no/such/folder"], "No model './no/such/folder'"),
        ([good, "-o", out, "--model", ""], "The model's name is empty"),
        ([good, three, "-o", out, "--model", small], "takes one image"),
        ([good, three, "-o", out, "--reference", "two.tif"], "none of the images; expected one of scene.tif, three"),
    ]


@pytest.mark.parametrize("case", range(10))
def test_a_wrong_request_is_one_line_exit_code_2_and_nothing_written(write_tif, tmp_path, model_folder, case, capfd):
    arguments, words = bad_requests(write_tif, tmp_path, model_folder)[case]
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert main(["predict", *arguments]) == 2
    captured = capfd.readouterr()
    lines = captured.err.splitlines()
    assert len(lines) == 1, captured.err
    assert lines[0].startswith("rs-srgan: ")
    assert words in lines[0]
    assert captured.out == ""
    assert {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


@pytest.mark.parametrize(
    "arguments", [["predict"], ["predict", "a.tif", "-o", "b.tif", "--offset", "abc"], ["nonsense"]]
)
def test_wrong_options_are_one_line_too(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("rs-srgan: ")
    assert error.count("\n") == 1


def hear_signals():
    """In a process to be: a background job of a shell, as these tests may be, has SIGINT ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_and_what_was_done_can_be_gone_on_with(write_tif, model_folder, tmp_path, number):
    code = (
        "import sys; import rs_srgan.inference.scene as scene; scene.CHECKPOINT_SECONDS = 0;"
        "from rs_srgan.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    request = ["predict", str(write_tif(scene_dn(300, 300))), "-o", str(tmp_path / "o.tif")]
    request += ["--model", str(model_folder), "--tile", "16", "--threads", "1"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *request], stderr=subprocess.PIPE, text=True, preexec_fn=hear_signals
    )
    while not (tmp_path / "o.tif.partial.json").exists():
        assert process.poll() is None
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == {signal.SIGINT: 130}.get(number, 128 + number)
    assert "which is kept. Go on with --resume" in error
    assert "Traceback" not in error
    assert not (tmp_path / "o.tif").exists()
    assert main([*request, "--quiet"]) == 2
    assert main([*request, "--quiet", "--resume"]) == 0
    with rasterio.open(tmp_path / "o.tif") as result:
        assert result.shape == (1200, 1200)


def test_a_part_is_asked_for_in_degrees(write_tif, model_folder, tmp_path, capsys):
    source = write_tif(scene_dn(40, 40))
    with rasterio.open(source) as dataset:
        west, south, east, north = transform_bounds(dataset.crs, "OGC:CRS84", *dataset.bounds)
    box = [str(value) for value in (west, (south + north) / 2, east, north)]
    request = ["predict", str(source), "-o", str(tmp_path / "o.tif"), "--model", str(model_folder), "--quiet"]
    assert main([*request, "--bbox", *box]) == 0
    with rasterio.open(tmp_path / "o.tif") as result:
        assert 80 <= result.height < 100
    assert main([*request, "--overwrite", "--bbox", "-10", "10", "-9", "11"]) == 2
    assert "lies outside scene.tif" in capsys.readouterr().err


@pytest.mark.parametrize("offset", ["-1e3", "-1000", "-1000.0", "-.1e4"])
def test_a_negative_number_is_no_option(write_tif, model_folder, tmp_path, offset):
    request = ["predict", str(write_tif(scene_dn(6, 6) + 1000)), "-o", str(tmp_path / "o.tif"), "--quiet"]
    assert main([*request, "--model", str(model_folder), "--offset", offset]) == 0
    with rasterio.open(tmp_path / "o.tif") as result:
        assert result.offsets == pytest.approx((-0.1,) * 4)


def test_a_full_memory_is_one_line(write_tif, model_folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(SISR, "forward", lambda *_, **__: torch.empty(1 << 50))
    request = ["predict", str(write_tif(scene_dn(6, 6))), "-o", str(tmp_path / "o.tif"), "--quiet"]
    assert main([*request, "--model", str(model_folder), "--engine", "torch"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("rs-srgan: The memory is full with tiles of 512 x 512 pixels. Take smaller ones")
    assert error.count("\n") == 1


def test_a_model_is_chosen_by_name_or_by_its_bands_not_both(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["predict", "a.tif", "-o", "b.tif", "--model", "m", "--bands", "20m"])
    assert caught.value.code == 2
    assert "not allowed with argument" in capsys.readouterr().err


def test_models_lists_what_is_bundled_with_its_figures(capsys):
    assert main(["models"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("sisr-x4-rgbn"))
    assert "x4" in line
    assert "B04 B03 B02 B08" in line
    assert "dB" in line


def test_the_installed_command_runs(write_tif, model_folder, tmp_path):
    target = tmp_path / "ö.tif"
    command = [*COMMAND, "predict", str(write_tif(scene_dn(6, 6))), "-o", str(target), "--model", str(model_folder)]
    ascii_only = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=ascii_only)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path}/\\xf6.tif\n"
    with rasterio.open(target) as result:
        assert result.shape == (24, 24)


def test_closed_streams_are_no_obstacle_and_nothing_gets_into_the_files(write_tif, model_folder, tmp_path):
    source, closed, open_ = write_tif(scene_dn(6, 6)), tmp_path / "closed.tif", tmp_path / "open.tif"
    request = ["predict", str(source), "--model", str(model_folder), "-o"]
    shell = f"{shlex.join([*COMMAND, *request, str(closed)])} <&- >&- 2>&-"
    assert subprocess.run(shell, shell=True).returncode == 0
    assert main([*request, str(open_)]) == 0
    with rasterio.open(closed) as one, rasterio.open(open_) as other:
        np.testing.assert_array_equal(one.read(), other.read())


@pytest.mark.parametrize("buffered", ["", "1"])
def test_a_reader_that_goes_away_is_not_complained_of(buffered):
    environment = os.environ | {"PYTHONUNBUFFERED": buffered}
    process = subprocess.Popen(
        [*COMMAND, "models"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=hear_signals,
    )
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 1


def test_ctrl_c_during_the_imports_is_silent(tmp_path):
    (tmp_path / "tqdm.py").write_text("import signal\nprint('importing', flush=True)\nsignal.pause()")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    process = subprocess.Popen(
        [*COMMAND, "models"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=hear_signals,
    )
    assert process.stdout.readline() == "importing\n"
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error == ""
