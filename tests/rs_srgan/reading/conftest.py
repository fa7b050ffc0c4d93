"""A scene classification and areas, which several tests read."""

import json

import numpy as np
import pytest
from scipy import ndimage


@pytest.fixture
def classes():
    """Return vegetation with a cloud, its shadow, snow and a corner without data, at 20 m."""
    scl = np.full((32, 40), 4, np.uint8)
    scl[10:14, 10:16], scl[20:22, 20:22], scl[0:3, 30:40], scl[28:, :4] = 9, 3, 11, 0
    return scl


def hidden(scl):
    """Return the pixels of 10 m that such classes hide, with a margin around clouds."""
    clouds = ndimage.binary_dilation(np.isin(scl, (3, 9)), np.ones((3, 3)), 2)
    return (clouds | np.isin(scl, (0, 11))).repeat(2, 0).repeat(2, 1)


@pytest.fixture
def write_area(tmp_path):
    """Return a function that writes GeoJSON, an object or a text, into a file."""

    def write(content):
        path = tmp_path / "area.geojson"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write
