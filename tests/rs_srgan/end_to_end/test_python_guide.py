"""The Python code of docs/python.md: it runs against a local Hub, and passes mypy --strict."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rioxarray")
pytest.importorskip("dask")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

from tests.conftest import scene_dn
from tests.rs_srgan.hub.server import OWNER

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", GUIDE, re.S)
START = """\
import warnings
from typing import Any

import numpy as np
import rasterio
import torch
import xarray

from rs_srgan import MISR, SISR, super_resolve

# -W cannot: it compares whole names of modules
for category in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
    warnings.filterwarnings("error", category=category, module=r"(rs_srgan|__main__)\\b")

with rasterio.open("scene.tif") as opened:
    reflectance: np.ndarray[Any, np.dtype[np.float32]] = opened.read().astype("float32") / 10000
"""
# What must hold after the code of the guide: types for mypy, values for the run.
END = """
from pathlib import Path
from typing import assert_type

assert_type(model, SISR)
assert_type(load_model("misr-x2-rgbn"), MISR)
assert_type(load_model("folder"), SISR | MISR)
assert_type(sr, np.ndarray[Any, np.dtype[np.float32]])
assert_type(fine, xarray.DataArray)
assert_type(url, str)
assert np.array_equal(sr, batch[1])
assert np.allclose(sr, from_file, rtol=0, atol=1e-5) and np.allclose(sr, tensor[0].detach().numpy(), rtol=0, atol=1e-5)
assert np.array_equal(sr, fine.values)
assert np.allclose(sr, shown, rtol=0, atol=1e-5)  # sizes of tiles differ, and so does the rounding
assert dated.dims == ("time", "band", "y", "x") and np.array_equal(dated.values[0], sr)
assert_type(together, xarray.DataArray)
assert together.time.values == dates[1] and together.shape == (4, 80, 72)
assert_type(model.predict(torch.from_numpy(reflectance)), np.ndarray[Any, np.dtype[np.float32]])
# super_resolve has changed the memory layout of the weights since: other rounding
assert np.allclose(sr, later.compute().values, rtol=0, atol=1e-5)
assert half.dtype == torch.float16 and np.abs(half.predict(reflectance) - sr).max() < 0.01
assert revisits.predict([reflectance] * 2, masks=[None, None]).shape[1] == 2 * reflectance.shape[1]
assert loaded.fingerprint() == again.fingerprint() == model.fingerprint()
assert sample["image"].shape == sr.shape
assert best.scale == 4
assert_type(joined, np.ndarray[Any, np.dtype[np.float32]])
assert joined.shape == (4, 80, 72) and not np.array_equal(joined, revisits.predict([reflectance] * 2))
assert_type(written, Path)
with rasterio.open(written) as file:
    assert file.dtypes[0] == "float32" and file.width < 4 * 36
with rasterio.open("joined_x2.tif") as file:
    assert file.shape == (80, 72)
assert onnx_file.is_file()
"""
# Fewer lines would not show what people do.
LEAST_LINES = 60


@pytest.fixture
def script(tmp_path, write_tif):
    write_tif(scene_dn(40, 36))
    write_tif(scene_dn(40, 36, seed=1), "later.tif")
    write_tif((np.arange(40 * 36).reshape(1, 40, 36) >= 360).astype(np.uint8), "clear.tif", bands=("clear",))
    path = tmp_path / "guide.py"
    path.write_text(START + "\n".join(BLOCKS) + END)
    return path


def test_the_guide_shows_enough():
    lines = [line.strip() for block in BLOCKS for line in block.splitlines()]
    assert sum(line != "" and not line.startswith("#") for line in lines) >= LEAST_LINES


def run(*command, **options):
    process = subprocess.run([sys.executable, *command], capture_output=True, text=True, **options)
    assert process.returncode == 0, process.stdout + process.stderr
    return process


def test_the_code_of_the_guide_runs(script, hub, tmp_path):
    environment = {**os.environ, "HF_TOKEN": OWNER, "HF_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    process = run(script.name, cwd=tmp_path, env=environment)
    assert "sisr-x4-rgbn" in process.stdout
    files = hub.repos["organisation/moors"].files()
    assert hub.repos["organisation/moors"].messages[-1] == "First weights"
    assert b"license: apache-2.0" in files["README.md"] and b"Made for moors." in files["README.md"]


def test_the_code_of_the_guide_is_typed(script, tmp_path):
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = true\n[mypy-rasterio.*]\nignore_missing_imports = true\n")
    environment = {**os.environ, "MYPYPATH": str(ROOT)}
    run(
        "-m", "mypy", "--config-file", "mypy.ini", "--follow-imports=silent", script.name, cwd=tmp_path, env=environment
    )


def test_the_code_of_the_guide_passes_pyright(script, tmp_path):
    pyright = shutil.which("pyright", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if pyright is None:
        pytest.skip("pyright is not installed: pip install pyright")
    settings = {"include": [script.name], "extraPaths": [str(ROOT)], "pythonVersion": "3.11"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    process = subprocess.run(
        [pyright, "--pythonpath", sys.executable, "--project", str(tmp_path)], capture_output=True, text=True
    )
    assert process.returncode == 0, process.stdout + process.stderr
