"""Scenes for batches: small images with the bands of the small model. Ray, started once for all tests."""

import pytest

from rs_srgan.batch.cluster import connected
from tests.conftest import scene_dn


@pytest.fixture
def scenes(write_tif, tmp_path):
    """Write images of these sizes into a folder, and return the folder."""

    def write(*sizes: tuple[int, int]):
        folder = tmp_path / "in"
        folder.mkdir()
        for index, (height, width) in enumerate(sizes):
            write_tif(scene_dn(height, width, seed=index), f"in/s{index}.tif")
        return folder

    return write


@pytest.fixture(scope="package")
def ray_here():
    """Ray on this machine alone."""
    pytest.importorskip("ray")
    import ray

    with connected():
        yield ray
