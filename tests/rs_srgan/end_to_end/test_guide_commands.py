"""The shell commands of README.md, the guides and the cards run, or the page says why they cannot.

All of them: python -m pytest -m "slow or not slow" tests/rs_srgan/end_to_end/test_guide_commands.py.
"""

import dataclasses
import itertools
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rasterio.warp import transform

from rs_srgan.catalogues.known import CATALOGUES
from rs_srgan.cli.main import main
from tests.rs_srgan.catalogues.products import add_item, land
from tests.rs_srgan.catalogues.server import StacLookalike
from tests.rs_srgan.end_to_end.guide_code import PAGES, ROOT, name_of
from tests.rs_srgan.end_to_end.guide_commands import all_blocks, blocks, words_of, write_files

RUN = [block for block in all_blocks() if block.lines]
QUICK = [block for block in RUN if block.quick]
SLOW = [block for block in RUN if not block.quick]
# Training for two steps.
SHORT = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--data.crop_lr_px=8"]
SHORT += ["--data.batch_size=2", "--data.steps_per_epoch=2", "--trainer.max_epochs=1"]


def first_line(block) -> str:
    return f"{block.page}: {block.code.splitlines()[0][:60]}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working folder: the programs of the source tree are in it."""
    monkeypatch.setitem(sys.modules, "openvino", None)  # as without the extra: to convert models takes seconds
    for name in ("train", "examples"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def catalogue(tmp_path_factory, monkeypatch):
    """A replica of the catalogue earth-search, with the place in the boxes of the pages."""
    folder = tmp_path_factory.mktemp("catalogue")
    monkeypatch.setenv("RS_SRGAN_CACHE", str(folder / "cache"))
    server = StacLookalike(folder / "images")
    (left,), (top,) = transform("EPSG:4326", "EPSG:32632", [10.895], [46.425])
    for day in ("2024-06-14", "2024-07-14", "2024-07-19"):
        place = {"tile": "32TPS", "origin": (left // 60 * 60, top // 60 * 60 + 60)}  # the grid of the tiles
        server.items.append(add_item(server.images, server.url, land(330, 330), day=day, **place))
    own = dataclasses.replace(CATALOGUES["earth-search"], url=server.url, hosts=(server.url,), settings={})
    monkeypatch.setitem(CATALOGUES, "earth-search", own)
    yield server
    server.stop()


def run(line: str, monkeypatch) -> int:
    """Run a command in this process; the result of an earlier command is removed."""
    words = words_of(line)
    for option, target in itertools.pairwise(words):
        if option == "-o" and Path(target).is_file():
            Path(target).unlink()
    if words[0] == "rs-srgan":
        return main([*words[1:], *(["--steps", "2"] if words[1] == "finetune" else [])])
    if words[:3] == ["python", "-m", "train"]:
        from train.__main__ import main as train

        return train([*words[3:], *(SHORT if words[3] != "inspect" else [])])
    assert words[0] == "python"
    monkeypatch.setattr(sys, "argv", words[1:])
    runpy.run_path(words[1], run_name="__main__")
    return 0


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_runs_or_says_why_not(page):
    known = ("rs-srgan ", "python -m train ", "python examples/")
    found = blocks(page)
    assert len(found) == page.read_text(encoding="utf-8").count("```sh\n")
    for block in found:
        assert block.script or [line for line in block.lines if not line.startswith((*known, "#"))] == [], block.code


def test_blocks_in_other_languages_have_tests_or_say_why_not():
    elsewhere = {"python", "yaml", "diff", "ts"}  # tests of guides, of page commands and of the story of the Hub
    no_code = {"", "text", "bibtex"}
    for page in PAGES:
        for mark, language in re.findall(r"(^<!-- not run: .+ -->\n)?^```(\w*)", page.read_text("utf-8"), re.M):
            assert mark or language in {"sh", *elsewhere, *no_code}, name_of(page)


def test_most_pages_have_blocks_that_run():
    assert len(QUICK) > 12 and len(SLOW) > 12


@pytest.mark.parametrize("block", QUICK, ids=first_line)
def test_the_commands_run(block, folder, request, monkeypatch):
    if "scenes" in block.code or "stac:" in block.code:
        pytest.importorskip("pystac_client")
        request.getfixturevalue("catalogue")
    if "evaluate" in block.code:
        pytest.importorskip("torchmetrics")
    write_files(folder, block)
    failed = [line for line in block.lines if run(line, monkeypatch) != 0]
    assert failed == []


@pytest.mark.slow
@pytest.mark.parametrize("block", SLOW, ids=first_line)
def test_the_long_commands_run(block, folder, monkeypatch):
    write_files(folder, block)
    if not block.script:
        assert [line for line in block.lines if run(line, monkeypatch) != 0] == []
        return
    (folder / "block.sh").write_text(block.code)
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": programs, "HOME": str(folder), "SLURM_ARRAY_TASK_ID": "1"}
    command = [shutil.which("bash"), "-e", "-u", "block.sh"]
    process = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
