import ctypes
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import rasterio
import torch

from rs_srgan import SISR
from rs_srgan.cli.main import main
from rs_srgan.errors import ThreadDied
from tests.conftest import scene_dn
from tests.rs_srgan.cli.signals import hear_signals


@pytest.mark.parametrize(
    "arguments", [["predict"], ["predict", "a.tif", "-o", "b.tif", "--offset", "abc"], ["nonsense"]]
)
def test_wrong_arguments_are_one_line_with_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("rs-srgan: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_stops_the_run_and_resume_continues_it(write_tif, model_folder, tmp_path, number):
    code = (
        "import sys; import rs_srgan.inference.work as work; work.CHECKPOINT_SECONDS = 0;"
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
    assert "--resume" in error
    assert "Traceback" not in error
    assert not (tmp_path / "o.tif").exists()
    assert main([*request, "--quiet"]) == 2
    assert main([*request, "--quiet", "--resume"]) == 0
    with rasterio.open(tmp_path / "o.tif") as result:
        assert result.shape == (1200, 1200)


@pytest.mark.parametrize("offset", ["-1e3", "-1000", "-1000.0", "-.1e4"])
def test_negative_number_is_not_taken_for_an_option(write_tif, model_folder, tmp_path, offset):
    request = ["predict", str(write_tif(scene_dn(6, 6) + 1000)), "-o", str(tmp_path / "o.tif"), "--quiet"]
    assert main([*request, "--model", str(model_folder), "--offset", offset]) == 0
    with rasterio.open(tmp_path / "o.tif") as result:
        assert result.offsets == pytest.approx((-0.1,) * 4)


def test_full_memory_is_one_line(write_tif, model_folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(SISR, "forward", lambda *_, **__: torch.empty(1 << 50))
    request = ["predict", str(write_tif(scene_dn(6, 6))), "-o", str(tmp_path / "o.tif"), "--quiet"]
    assert main([*request, "--model", str(model_folder), "--engine", "torch"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("rs-srgan: The memory is full")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("can't start new thread"), "No thread"),
        (SystemError("<function> returned NULL without setting an exception"), "The memory is full"),
        (ThreadDied("It died."), "It died."),
    ],
)
def test_threads_that_do_not_start_or_die_are_one_line(monkeypatch, capsys, error, said):
    def refuse(_):
        raise error

    monkeypatch.setattr("rs_srgan.cli.models.run", refuse)
    assert main(["models"]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith(f"rs-srgan: {said}") and shown.count("\n") == 1


def test_a_dead_thread_of_a_pool_leaves_no_traceback(monkeypatch, capsys, caplog):
    """The pool itself reports such a thread with a traceback."""

    def lose_a_thread(_):
        with ThreadPoolExecutor(1) as pool:
            ident = pool.submit(threading.get_ident).result()
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(SystemExit))
        raise ThreadDied("It died.")

    monkeypatch.setattr("rs_srgan.cli.models.run", lose_a_thread)
    assert main(["models"]) == 1
    assert not caplog.records
    assert capsys.readouterr().err == "rs-srgan: It died.\n"
