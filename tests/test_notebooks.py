"""The notebooks run at small size, and are those that their Python files make."""

import os
import re
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
# Smaller values of the cell that is tagged "parameters".
SMALL = {
    "quick_start": {"SIZE": 48},
    "revisits": {"SIZE": 96, "MOST_VIEWS": 3},
    "evaluation": {"SIZE": 160},
    "fine_tuning": {"SIZE": 272, "STEPS": 1},
}


def shrunk(text: str, values: dict[str, object]) -> str:
    """Return the code with other parameters, each of which must be there."""
    for name, value in values.items():
        text, count = re.subn(rf"^{name} = .*$", f"{name} = {value!r}", text, flags=re.M)
        assert count == 1, name
    return text


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    mpl.use("Agg")
    return tmp_path


def run_cells(name: str, **values: object) -> dict[str, object]:
    """Run the code of a notebook in one namespace, as Jupyter does, and return it."""
    code = shrunk((ROOT / "notebooks" / f"{name}.py").read_text(encoding="utf-8"), values)
    names: dict[str, object] = {}
    exec(compile(code, name, "exec"), names)
    return names


def test_quick_start(workplace):
    pytest.importorskip("leafmap")
    names = run_cells("quick_start", **SMALL["quick_start"])
    assert names["sr"].shape == (4, 192, 192)
    assert names["half_width"].min() > 0
    assert (workplace / "chip_x4.tif").exists()


def test_more_views_are_better(workplace):
    gains = run_cells("revisits", **SMALL["revisits"])["gains"]
    assert gains[1] < gains[2] < gains[3]


def test_evaluation(workplace):
    names = run_cells("evaluation", **SMALL["evaluation"])
    assert names["model"] > names["projected"] > names["bicubic"]


@pytest.mark.slow
def test_fine_tuning(workplace):
    """Run by name: python -m pytest -m slow tests/test_notebooks.py."""
    names = run_cells("fine_tuning", **SMALL["fine_tuning"])
    assert names["sr"].shape[1] == 4 * names["lr"].shape[1]


def test_place_and_date(workplace, monkeypatch):
    pytest.importorskip("pystac_client")
    pytest.importorskip("leafmap")
    from rs_srgan.catalogues import search, stac_api
    from tests.rs_srgan.catalogues.products import EARTH_SEARCH_NAMES, RGBN, add_item, land
    from tests.rs_srgan.catalogues.server import StacLookalike

    monkeypatch.setenv("RS_SRGAN_CACHE", str(workplace / "cache"))
    server = StacLookalike(workplace / "images")
    try:
        server.items.append(add_item(server.images, server.url, land(200, 200)))
        catalogue = stac_api(
            server.url, "sentinel-2-c1-l2a", {band: EARTH_SEARCH_NAMES[band] for band in (*RGBN, "SCL")}
        )
        monkeypatch.setattr("rs_srgan.catalogues.search", lambda area, dates, _: search(area, dates, catalogue))
        west, south, east, north = server.items[0]["bbox"]
        middle = ((west + east) / 2, (south + north) / 2)
        area = (middle[0] - 0.002, middle[1] - 0.002, middle[0] + 0.002, middle[1] + 0.002)
        names = run_cells("place_and_date", AREA=area, DATES="2024-07")
    finally:
        server.stop()
    assert names["scenes"][0].taken.month == 7
    assert (workplace / "place_x4.tif").exists()


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_notebooks_are_made_of_their_python_files(source):
    pytest.importorskip("jupytext")
    from scripts.notebooks import notebook_of

    made = source.with_suffix(".ipynb").read_text(encoding="utf-8")
    assert made == notebook_of(source), "run python -m scripts.notebooks"


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_jupyter_runs_the_notebook(workplace, name):
    """Run by name: python -m pytest -m slow tests/test_notebooks.py."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    (parameters,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    parameters.source = shrunk(parameters.source, SMALL[name])
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3").execute(cwd=str(workplace))
    assert any(cell.get("outputs") for cell in notebook.cells)
