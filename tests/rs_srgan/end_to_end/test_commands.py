"""Every command by the frame that docs/cli.md states: exit codes, messages, and what is left behind."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rs_srgan.cli.main import main
from tests.conftest import scene_dn
from tests.rs_srgan.cli.signals import hear_signals

ROOT = Path(__file__).parents[3]

# Words after each command that make a request that works, and that make a wrong one. {} is a folder with the files.
WORKING = {
    "models": [],
    "predict": ["{}/scene.tif", "-o", "{}/out.tif", "--model", "{}/small-model", "--tile", "16"],
    "evaluate": ["{}/scene.tif", "--model", "{}/small-model", "-o", "{}/report", "--pictures", "0"],
    "export": ["{}/small-model", "-o", "{}/small.onnx"],
    "card": ["{}/small-model", "--name", "organisation/small"],
    "push": ["{}/small-model", "organisation/small", "--force", "--quiet"],
    "inspect": ["{}/scene.tif"],
    "map": ["{}/scene.tif", "{}/scene.tif", "-o", "{}/map.html"],
    "plan": ["--tiles", "10"],
}
WRONG = {
    "models": ["--nonsense"],
    "predict": ["{}/scene.tif", "-o", "{}/scene.tif", "--model", "{}/small-model", "--overwrite"],
    "evaluate": ["{}/missing.tif", "--model", "{}/small-model", "-o", "{}/report"],
    "export": ["{}/small-model", "-o", "{}/small.txt"],
    "card": ["{}/missing"],
    "push": ["{}/missing", "organisation/small"],
    "inspect": ["{}/missing.tif"],
    "scenes": ["--bbox", "10", "46", "11", "47", "--aoi", "{}/missing.geojson"],
    "batch": ["{}/missing.csv", "-o", "{}/results"],
    "map": ["{}/missing.tif", "{}/scene.tif", "-o", "{}/map.html"],
    "plan": ["--tiles", "-1"],
    "finetune": ["{}/missing", "-o", "{}/run"],
}
# Commands that ask a catalogue in the network, that need Ray, or that train; tests of their own run them.
REMOTE = {"scenes", "batch", "finetune"}
# A file that the command opens at the beginning of its work.
OPENED = {"inspect": "scene.tif", "map": "scene.tif", "plan": "measured.json"}


def commands() -> list[str]:
    """Return the names of all commands, from the message about an unknown one."""
    done = subprocess.run([sys.executable, "-m", "rs_srgan", "--help"], capture_output=True, text=True, check=True)
    return re.search(r"\{([\w,-]*predict[\w,-]*)\}", done.stdout)[1].split(",")


COMMANDS = commands()
LOCAL = [name for name in COMMANDS if name not in REMOTE]


@pytest.fixture
def folder(write_tif, model_folder, tmp_path):
    write_tif(scene_dn(90, 90))
    return tmp_path


def files(folder):
    """Return the content of all files below a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def words(table, command, folder):
    return [command, *(word.format(folder) for word in table[command])]


def test_every_command_is_walked():
    assert [name for name in COMMANDS if name not in WRONG] == []
    assert [name for name in LOCAL if name not in WORKING] == []


@pytest.mark.parametrize("command", LOCAL)
def test_success_is_0_and_stdout_carries_the_result_alone(command, folder, hub, logged_in, capsys):
    assert main(words(WORKING, command, folder)) == 0
    captured = capsys.readouterr()
    assert captured.out.strip()
    assert "Traceback" not in captured.err
    assert "partial" not in " ".join(path.name for path in folder.rglob("*"))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_request_is_2_and_one_line_and_changes_nothing(command, folder, capfd):
    before = files(folder)
    try:
        code = main(words(WRONG, command, folder))
    except SystemExit as end:  # of the parser
        code = end.code
    captured = capfd.readouterr()
    assert code == 2
    assert captured.out == ""
    assert re.fullmatch(r"rs-srgan: .+\n", captured.err)
    assert files(folder) == before


STOPPED = """
import os, signal, sys

number, name = int(sys.argv.pop(1)), sys.argv.pop(1)

def send(event, arguments):
    global number
    if number and event == "open" and str(arguments[0]).endswith(name):
        sent, number = number, 0
        os.kill(os.getpid(), sent)

from rs_srgan.__main__ import main
from rs_srgan.cli.main import main as loaded  # the signal comes after the imports
sys.addaudithook(send)
sys.exit(main())
"""


def in_a_process(code, arguments, **options):
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, **options)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", LOCAL)
def test_a_signal_is_128_and_its_number_without_a_traceback(command, number, folder, hub, logged_in):
    before = files(folder)
    request = [str(int(number)), OPENED.get(command, "config.json"), *words(WORKING, command, folder)]
    done = in_a_process(STOPPED, request, preexec_fn=hear_signals)
    assert done.returncode == 128 + number, done.stderr
    assert "Traceback" not in done.stderr
    assert files(folder) == before


FULL = """
import resource, sys

resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))  # no file may be larger: it stands in for a full disk
from rs_srgan.__main__ import main
sys.exit(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("command", [name for name in COMMANDS if name in ("predict", "evaluate", "export", "card")])
def test_a_full_disk_is_1_and_no_traceback(command, folder):
    request = words(WORKING, command, folder)
    done = in_a_process(FULL, request, env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"})
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "File too large" in done.stderr
    assert not any("partial" in path.name or path.name.startswith(".rs_srgan") for path in folder.rglob("*"))


def test_the_guide_lists_every_command_and_code():
    guide = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([\w-]+)[ `]", guide, re.M)
    assert [name for name in COMMANDS if name not in listed] == []
    assert re.findall(r"^\| (\d|128 \+ N) \|", guide, re.M) == ["0", "1", "2", "3", "128 + N"]


_WRITE = re.compile(
    r"\.(write_text|write_bytes|savefig|save|save_file|save_model|copyfile|copytree)\(|\bsave_file\("
    r"|(?<!fd)open\(([^()]|\([^()]*\))*\"(w|wb|x|xb|a|ab|r\+|r\+b)\""
)


def test_the_guide_lists_every_module_that_writes():
    """A new place where a file is written needs a row in the table, with the check that guards it."""
    guide = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    writing = [
        module.relative_to(ROOT / package).with_suffix("").as_posix()
        for package in ("rs_srgan", "train")
        for module in sorted((ROOT / package).rglob("*.py"))
        if _WRITE.search(module.read_text(encoding="utf-8"))
    ]
    assert "writing/geotiff" in writing and "callbacks" in writing and "models/weights_file" in writing
    assert [module for module in writing if f"`{module}`" not in guide] == []
