"""Memory of many predictions."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CODE = """
import numpy as np
from rs_srgan import load_model

def resident_mb():
    fields = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return int(fields["VmRSS"].split()[0]) / 1024

model, random = load_model("sisr-x4-rgbn"), np.random.default_rng(0)
images = [random.random((4, 64, 64 + 8 * (at % 3)), np.float32) * 0.4 for at in range(250)]
after = []
for image in images:
    model.predict(image)
    after.append(resident_mb())
# the allocator keeps or returns a few MB at any moment: the least of twenty moments tells a leak
print(min(after[-20:]) - min(after[30:50]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the memory of the process from /proc")
def test_200_predictions_need_no_more_memory_than_50():
    """Run by `python -m pytest -m slow -s tests/rs_srgan/end_to_end/test_memory.py`; prints the growth in MB."""
    # glibc keeps freed memory of each thread; with few arenas a leak can be told from that
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MALLOC_ARENA_MAX": "2"}
    process = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, env=environment)
    assert process.returncode == 0, process.stderr
    growth_mb = float(process.stdout)
    print(f"{growth_mb:+.1f} MB after 200 predictions")
    assert growth_mb < 5
