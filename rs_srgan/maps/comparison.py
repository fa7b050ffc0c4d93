"""`Comparison`: a map of an input and its result, from files or arrays."""

import base64
import math
from collections.abc import Mapping
from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.maps.image import MapImage, Source
from rs_srgan.maps.swipe_map import IN_PAGE, SwipeMap, TileLayer
from rs_srgan.maps.tile_server import TileServer
from rs_srgan.maps.web_tiles import LARGEST_ZOOM, TILE_PX, Bounds, tiles_within
from rs_srgan.maps.webp import webp
from rs_srgan.pixels.radiometry import Stretch
from rs_srgan.sensors import Sensor

# Limit of a page that holds its tiles.
PAGE_BYTES = 40_000_000
# MapLibre's part of it, and this package's.
_CODE_BYTES = 1_300_000
# Larger maps show themselves in a notebook with the help of a server: notebooks are saved with what they show.
NOTEBOOK_BYTES = 12_000_000
# Bytes of base64 for each byte of a tile.
_BASE64 = 4 / 3
_QUALITY = 90
# Bytes for each pixel of a map that no picture of land goes below.
_LEAST_BYTES = 0.05
_LEFT, _RIGHT = "lr", "sr"


class Comparison(SwipeMap):
    """A leafmap map with an input and its result as layers, and a line between them; see `compare`.

    It holds its files open until `close`.
    """

    def __init__(
        self,
        lr: Source,
        sr: Source,
        *,
        bands: tuple[str, ...] | None,
        names: tuple[str, str],
        cut: float,
        gamma: float,
        opacity: float,
        base_map: str | None,
        bounds: Bounds | None,
        bbox: Bounds | None,
        sensor: Sensor,
    ) -> None:
        self._images: dict[str, MapImage] = {}
        self._server: TileServer | None = None
        try:
            for key, source in ((_LEFT, lr), (_RIGHT, sr)):
                self._images[key] = MapImage(source, bands, sensor)
            left, right = self._images[_LEFT], self._images[_RIGHT]
            _place(left, right, bounds)
            shown = _shown(right, bbox)
            self._stretch: Stretch = left.stretch(cut, gamma)
            layers = (_layer(_LEFT, names[0], left, shown), _layer(_RIGHT, names[1], right, shown))
            super().__init__(*layers, opacity, base_map)
        except BaseException:
            self.close()
            raise

    def to_html(
        self, output: str | Path | None = None, title: str | None = None, tiles: Mapping[str, str] | None = None
    ) -> str:
        """Return the map as one HTML page, which opens without a server and loads nothing from outside.

        Args:
            output: file to write it into, too.
            title: title of the page; None for the names of the images.
            tiles: the tiles if they were made before; None to make them.

        Raises:
            InputError: the page would be larger than 40 MB.
        """
        title = title or f"{self._images[_LEFT].name} and {self._images[_RIGHT].name}"
        return super().to_html(output, title, self._tiles(PAGE_BYTES) if tiles is None else tiles)

    def notebook_page(self) -> str:
        """Return the page for a notebook: with its tiles if they are few, else with those of a server here."""
        try:
            return self.to_html(tiles=self._tiles(NOTEBOOK_BYTES))
        except InputError:
            self._server = self._server or TileServer(self._images, self._stretch)
        page = self.to_html(tiles={})
        for key in self._images:
            page = page.replace(_address(key), self._server.address(key))
        return page

    def _tiles(self, most: int) -> dict[str, str]:
        """Return all tiles in base64 by their addresses, if the page with them has at most `most` bytes."""
        tiles, size = {}, float(_CODE_BYTES)
        shown = self.sides[1].bounds
        finest = sum(1 for _ in tiles_within(shown, self.sides[1].zoom)) * TILE_PX**2
        if finest * _LEAST_BYTES > most:
            raise self._too_large(most)
        for key, layer in zip((_RIGHT, _LEFT), reversed(self.sides), strict=True):
            for z in range(layer.zoom + 1):
                for x, y in tiles_within(shown, z):
                    picture = self._images[key].tile(z, x, y, self._stretch)
                    if picture is None:
                        continue
                    data = webp(picture, _QUALITY)
                    size += len(data) * _BASE64
                    if size > most:
                        raise self._too_large(most)
                    tiles[f"{key}/{z}/{x}/{y}"] = base64.b64encode(data).decode("ascii")
        return tiles

    def _too_large(self, most: int) -> InputError:
        grid = self._images[_RIGHT].grid
        return InputError(
            f"The map of {grid.width} x {grid.height} pixels does not fit into {most / 1e6:.0f} MB. Choose a part "
            "of it (bbox, --bbox), or look at it in a notebook, where rs_srgan.maps.compare serves the tiles."
        )

    def close(self) -> None:
        """Close the files, and stop the server."""
        if self._server:
            self._server.close()
        for image in self._images.values():
            image.close()


def _address(key: str) -> str:
    return f"{IN_PAGE}{key}/{{z}}/{{x}}/{{y}}"


def _layer(key: str, name: str, image: MapImage, shown: Bounds) -> TileLayer:
    # one zoom more for the input, whose large pixels would else have uneven sides
    zoom = math.ceil(image.zoom) + (key == _LEFT)
    return TileLayer(name, _address(key), shown, min(LARGEST_ZOOM, max(1, zoom)))


def _place(left: MapImage, right: MapImage, bounds: Bounds | None) -> None:
    """Give both images a place: their own, that of the other one, `bounds`, or one in the Gulf of Guinea."""
    for image, other in ((left, right), (right, left)):
        if not image.has_place and bounds is not None:
            image.put_at(bounds)
        elif not image.has_place and other.has_place:
            image.put_on(other.grid)
    if not left.has_place:
        left.put_at_origin()
        right.put_on(left.grid)
    west, south, east, north = left.bounds
    if not (west < right.bounds[2] and right.bounds[0] < east and south < right.bounds[3] and right.bounds[1] < north):
        raise InputError(f"{left.name} and {right.name} show different places; expected an image and its result.")


def _shown(image: MapImage, bbox: Bounds | None) -> Bounds:
    """Return the part of an image's bounds that a box leaves: west, south, east and north, degrees."""
    west, south, east, north = image.bounds
    if bbox is None:
        return image.bounds
    part = (max(west, bbox[0]), max(south, bbox[1]), min(east, bbox[2]), min(north, bbox[3]))
    if part[0] >= part[2] or part[1] >= part[3]:
        raise InputError(
            f"The box {' '.join(f'{value:g}' for value in bbox)} is outside of {image.name}; expected a part of "
            f"{' '.join(f'{value:.5f}' for value in image.bounds)} (west, south, east, north)."
        )
    return part
