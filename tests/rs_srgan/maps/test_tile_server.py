import io
import urllib.request
from urllib.error import HTTPError

import numpy as np
import pytest
from PIL import Image

from rs_srgan.maps.image import MapImage
from rs_srgan.maps.tile_server import TileServer
from rs_srgan.maps.web_tiles import tiles_within
from rs_srgan.pixels.radiometry import Stretch
from rs_srgan.sensors import SENTINEL2

STRETCH = Stretch((0.0,) * 3, (1.0,) * 3)


@pytest.fixture
def image(pair):
    image = MapImage(pair[0], None, SENTINEL2)
    yield image
    image.close()


@pytest.fixture
def server(image):
    server = TileServer({"lr": image}, STRETCH)
    yield server
    server.close()


def status(address: str) -> int:
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status
    except HTTPError as error:
        return error.code


def test_the_served_tile_is_that_of_the_image(server, image):
    z = 15
    x, y = next(tiles_within(image.bounds, z))
    with urllib.request.urlopen(server.address("lr").format(z=z, x=x, y=y)) as answer:
        shown = np.array(Image.open(io.BytesIO(answer.read())))
    np.testing.assert_array_equal(shown, image.tile(z, x, y, STRETCH))


def test_only_tiles_are_served_and_only_to_whoever_knows_the_word(server):
    address = server.address("lr")
    assert status(address.format(z=3, x=0, y=0)) == 204  # elsewhere on the Earth
    word = address.split("/")[3]
    for wrong in (
        address.format(z=2, x=9, y=0),
        address.format(z=25, x=0, y=0),
        address.replace(word, "guessed").format(z=3, x=0, y=0),
        address.replace("/lr/", "/sr/").format(z=3, x=0, y=0),
        address.partition(word)[0] + "../../etc/passwd",
    ):
        assert status(wrong) == 404
