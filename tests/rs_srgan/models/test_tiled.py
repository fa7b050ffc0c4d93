import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

from rs_srgan.models.tiled import predict_tiled

IMAGE = np.random.default_rng(0).random((2, 9, 7), np.float32)
VALID = IMAGE < 0.9


def predict(forward, **options):
    return predict_tiled(forward, [(IMAGE, 1)], VALID, 1, tile=4, halo=1, device=torch.device("cpu"), **options)


def inner(image, margin):
    return [image[..., margin:-margin, margin:-margin]]


def test_windows_come_as_batches_of_one_with_the_halo():
    shapes = set()
    (same,) = predict(lambda lr, margin: shapes.add(tuple(lr.shape)) or inner(lr, margin))
    np.testing.assert_array_equal(same, np.where(VALID, IMAGE, np.nan))
    assert shapes == {(1, 2, height + 2, width + 2) for height in (4, 1) for width in (4, 3)}


def test_the_network_runs_in_inference_mode_and_the_caller_does_not():
    weight = torch.ones(1, requires_grad=True)
    modes = set()

    def forward(lr, margin):
        modes.add(torch.is_inference_mode_enabled())
        return inner(lr * weight, margin)

    predict(forward)
    assert modes == {True}
    assert not torch.is_inference_mode_enabled()
    assert (weight * 2).requires_grad


@pytest.mark.parametrize("enabled", [False, True])
def test_autocast_of_the_caller_holds(enabled):
    dtypes = set()

    def forward(lr, margin):
        dtypes.add((lr.flatten(2) @ lr.flatten(2).mT).dtype)
        return inner(lr, margin)

    with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
        predict(forward)
    assert dtypes == {torch.bfloat16 if enabled else torch.float32}


def test_number_of_threads_of_the_caller_holds():
    before, seen = torch.get_num_threads(), set()
    torch.set_num_threads(before + 1)
    try:
        predict(lambda lr, margin: seen.add(torch.get_num_threads()) or inner(lr, margin))
    finally:
        torch.set_num_threads(before)
    assert seen == {before + 1}


@pytest.mark.parametrize("error", [MemoryError, RuntimeError])
def test_error_of_the_network_is_raised(error):
    def forward(lr, margin):
        raise error("on purpose")

    before = threading.active_count()
    with pytest.raises(error, match="purpose"):
        predict(forward)
    assert threading.active_count() == before


FORKED = """
import os, signal
import numpy as np
import torch
from rs_srgan import SISR, SISRConfig

torch.set_num_threads(2)  # one thread would need no OpenMP
model = SISR(SISRConfig(channels=16, blocks=1)).eval()
image = np.random.default_rng(0).random((4, 64, 64), np.float32)
before = model.predict(image, tile=32)
child = os.fork()
if not child:
    signal.alarm(60)
    os._exit(0 if np.array_equal(model.predict(image, tile=32), before) else 1)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_process_predicts_too():
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", FORKED], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
