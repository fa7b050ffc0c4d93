"""The Python code of README.md, the guides and the cards runs: in the source tree, and from an installed wheel."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rioxarray")
pytest.importorskip("torchmetrics")

from tests.rs_srgan.end_to_end.guide_code import PAGES, ROOT, blocks, code_of, name_of, pages_that_run, write_files
from tests.rs_srgan.hub.server import OWNER
from tests.test_installed import environment_with

# The cards' code is made by one function, and its other forms are also in README.md and docs/revisits.md. The slow test
# runs all cards.
FORMS = ("srgan-x4-rgbn", "sisr-x2-20m")
FAST = [page for page in pages_that_run() if page.parent.parent.name != "hub_cards" or page.parent.name in FORMS]
# docs/python.md has a test of its own, which also checks its types and results.
FAST.remove(ROOT / "docs" / "python.md")


@pytest.fixture
def files(tmp_path, model_folder, write_tif, hub, logged_in, monkeypatch):
    write_files(tmp_path, model_folder, write_tif, hub)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_block_runs_or_says_why_not():
    found = [(name_of(page), reason) for page in PAGES for _, reason in blocks(page)]
    assert len(found) > 20
    assert {name for name, reason in found if reason} <= {"docs/app.md", "docs/cluster.md", "docs/place.md"}
    written = sum(page.read_text(encoding="utf-8").count("```python") for page in PAGES)
    assert len(found) == written


def test_the_code_of_the_pages_runs(files, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)  # as without the extra: to convert models takes seconds
    for page in FAST:
        for result in files.glob("s*.tif"):
            if result.name != "scene.tif":
                result.unlink()
        exec(compile(code_of(page), name_of(page), "exec"), {})


@pytest.mark.slow
def test_the_code_of_the_pages_runs_in_an_environment_made_from_the_wheel(files, hub):
    """Run by `python -m pytest -m slow tests/rs_srgan/end_to_end/test_guide_code.py`; needs a package index."""
    build = ["wheel", "--quiet", "--no-deps", "--wheel-dir", str(files), str(ROOT)]
    subprocess.run([sys.executable, "-m", "pip", *build], check=True)
    (wheel,) = files.glob("rs_srgan-*.whl")
    python = environment_with(files / "clean", "--no-deps", str(wheel))
    (files / "pages.json").write_text(json.dumps({name_of(page): code_of(page) for page in pages_that_run()}))
    driver = (
        "import json, pathlib, rs_srgan; print(rs_srgan.__file__)\n"
        "for name, code in json.loads(pathlib.Path('pages.json').read_text()).items():\n"
        "    [each.unlink() for each in pathlib.Path().glob('s*.tif') if each.name != 'scene.tif']\n"
        "    exec(compile(code, name, 'exec'), {}); print(name)"
    )
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment = clean | {"HF_TOKEN": OWNER, "HF_HOME": str(files / "home")}
    process = subprocess.run([str(python), "-c", driver], capture_output=True, text=True, cwd=files, env=environment)
    assert process.returncode == 0, process.stdout + process.stderr
    where, *ran = (
        line for line in process.stdout.splitlines() if line.startswith(("/", "README", "docs", "hub_cards"))
    )
    assert Path(where).is_relative_to(files / "clean")
    assert ran == [name_of(page) for page in pages_that_run()]
