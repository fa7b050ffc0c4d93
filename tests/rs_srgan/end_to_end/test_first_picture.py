"""The page docs/start/first_picture.md: its code and its commands, in their order, make what it says."""

import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image

from rs_srgan.cli.main import main

PAGE = (Path(__file__).parents[3] / "docs" / "start" / "first_picture.md").read_text(encoding="utf-8")


def test_the_page_makes_a_picture(tmp_path, monkeypatch):
    pytest.importorskip("spyndex")
    monkeypatch.setitem(sys.modules, "openvino", None)  # as without the extra: to convert models takes seconds
    monkeypatch.setitem(sys.modules, "xarray", None)  # neither `make demo` nor spyndex installs it
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for language, code in re.findall(r"^```(python|sh)\n(.*?)^```", PAGE, re.M | re.S):
        if language == "python":
            exec(compile(code, "first_picture.md", "exec"), names)
            continue
        for line in code.splitlines():
            program, *words = shlex.split(line)
            assert program in ("rs-srgan", "pip")
            if program == "rs-srgan":
                assert main(words) == 0
    with rasterio.open("chip_x4.tif") as result, rasterio.open("chip_uncertainty.tif") as uncertainty:
        assert result.shape == uncertainty.shape == (1200, 1200)
        assert result.descriptions == ("B04", "B03", "B02", "B08")
    before, after = (np.asarray(Image.open(name)) for name in ("before.png", "after.png"))
    assert before.shape == after.shape == (1200, 1200, 3)
    assert np.abs(before.mean((0, 1)) - after.mean((0, 1))).max() < 2  # the page says: the same tones
