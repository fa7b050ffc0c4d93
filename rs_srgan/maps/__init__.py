"""Maps of results for browsers and notebooks, with leafmap.

>>> from rs_srgan import maps
>>> compared = maps.compare("place.tif", "place_x4.tif")   # doctest: +SKIP
>>> compared.to_html("map.html")                           # doctest: +SKIP
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rs_srgan.errors import InputError, require_extra
from rs_srgan.sensors import SENTINEL2, Sensor, find_sensor

if TYPE_CHECKING:
    from rs_srgan.maps.comparison import Comparison
    from rs_srgan.maps.image import Source
    from rs_srgan.maps.web_tiles import Bounds

__all__ = ["compare"]


def compare(
    lr: "Source",
    sr: "Source",
    *,
    bands: Sequence[str] | None = None,
    names: tuple[str, str] = ("Input", "Super-resolved"),
    cut: float = 0.5,
    gamma: float = 1.4,
    opacity: float = 1.0,
    base_map: str | None = None,
    bounds: Sequence[float] | None = None,
    bbox: Sequence[float] | None = None,
    sensor: str | Sensor = SENTINEL2,
) -> "Comparison":
    """Return a leafmap map with an input and its result as layers, in the same stretch, and a line that swipes.

    A notebook shows it when it is the last line of a cell. `to_html("map.html")` writes one page that opens without a
    server. The methods of `leafmap.maplibregl.Map` add more to it.

    Args:
        lr: the input: a file, an open raster, a DataArray, or an array of reflectance (C, H, W). Of an array, the first
            three bands are red, green and blue.
        sr: the result, in the same forms.
        bands: names of the bands for red, green and blue, or of one band; None for natural colours.
        names: names of the two layers.
        cut: share of the input's pixels that becomes black, and of those that become white, percent, 0 to 20.
        gamma: exponent of the brightness, 0.2 to 5; above 1 dark pixels become brighter.
        opacity: of both layers, 0 to 1.
        base_map: address of map tiles below the layers, with {z}, {x} and {y}; None for none.
        bounds: west, south, east and north in degrees, for images without a place; None to show them at 0° N 0° E.
        bbox: west, south, east and north in degrees of the part to show; None for all of the result.
        sensor: the sensor that took the image.

    Raises:
        InputError: an image cannot be read, the two show different places, or a value cannot be used.
    """
    for package in ("leafmap", "maplibre", "PIL"):
        require_extra(package, "Maps", extra="maps")
    _check(cut, gamma, bands)
    from rs_srgan.maps.comparison import Comparison

    return Comparison(
        lr,
        sr,
        bands=None if bands is None else tuple(bands),
        names=names,
        cut=cut,
        gamma=gamma,
        opacity=opacity,
        base_map=base_map,
        bounds=_box("bounds", bounds),
        bbox=_box("bbox", bbox),
        sensor=find_sensor(sensor) if isinstance(sensor, str) else sensor,
    )


def _check(cut: float, gamma: float, bands: Sequence[str] | None) -> None:
    if not 0 <= cut <= 20:
        raise InputError(f"cut is {cut:g}; expected percent, 0 to 20.")
    if not 0.2 <= gamma <= 5:
        raise InputError(f"gamma is {gamma:g}; expected 0.2 to 5.")
    if bands is not None and (isinstance(bands, str) or len(bands) not in (1, 3)):
        raise InputError(f"bands is {bands!r:.80}; expected three names for red, green and blue, or one.")


def _box(name: str, box: Sequence[float] | None) -> "Bounds | None":
    if box is None:
        return None
    if len(box) != 4 or not (-180 <= box[0] < box[2] <= 180 and -85 < box[1] < box[3] < 85):
        raise InputError(f"{name} is {box!r:.80}; expected west, south, east and north in degrees.")
    return box[0], box[1], box[2], box[3]
