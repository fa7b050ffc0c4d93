"""The start of a Hugging Face Space, as it happens there: a process that runs app.py as a file."""

import os
import subprocess
import sys
from pathlib import Path

import app

FILE = Path(app.__file__).parent / "app.py"


def test_a_file_in_a_space_finds_its_package_from_anywhere(tmp_path):
    """Child processes import the file, too, and must not start a second server."""
    code = (
        "import importlib.util, sys\n"
        f"spec = importlib.util.spec_from_file_location('__mp_main__', {str(FILE)!r})\n"
        "spec.loader.exec_module(importlib.util.module_from_spec(spec))\n"
        "import app.server\n"
        "print(app.server.__file__)"
    )
    elsewhere = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=elsewhere, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    assert process.stdout == f"{FILE.parent / 'server.py'}\n"
