"""A Sentinel-2 product of a visitor or of the server, and places on its quicklook."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import numpy as np
from rasterio.crs import CRS
from rasterio.warp import transform, transform_bounds

from app.jobs.survey import Box
from app.products.quicklook import Glance
from rs_srgan import InputError
from rs_srgan.reading.proj import PROJECTION_ERRORS

_DEGREES = CRS.from_string("OGC:CRS84")


@dataclass
class Product:
    """A product whose quicklook can be shown.

    Attributes:
        id: random text. Anybody who knows it can see the product.
        title: name of the product for people.
        glance: metadata and quicklook.
        folder: where the server unpacked it; None for a product in the server's own folder.
        seen: time.monotonic() when it arrived or was last asked for.
        unpacking: thread that unpacks the other images, None if there is none.
        failure: why they could not be unpacked, or None.
        note: what people must know about the product; empty for all but the sample.
    """

    id: str
    title: str
    glance: Glance
    folder: Path | None
    seen: float = field(default_factory=time.monotonic)
    unpacking: Thread | None = None
    failure: InputError | None = None
    note: str = ""

    @property
    def name(self) -> str:
        """The tile and the date of the product, which may have come in an archive of any name; empty if unknown."""
        safe = self.glance.safe
        return f"{safe.tile}_{safe.sensed:%Y%m%d}" if safe.tile and safe.sensed else ""

    def source(self) -> Path:
        """Wait until the product is complete on the disk; return its path.

        Raises:
            InputError: it could not be unpacked.
        """
        if self.unpacking:
            self.unpacking.join()
        if self.failure:
            raise self.failure
        return self.glance.safe.path

    def area(self, left: float, top: float, right: float, bottom: float) -> Box:
        """Return a rectangle on the quicklook, given as shares of its width and height, in degrees."""
        west, south, east, north = self.glance.bounds
        x0, x1 = (west + share * (east - west) for share in (left, right))
        y0, y1 = (north + share * (south - north) for share in (top, bottom))
        box = transform_bounds(self.glance.crs, _DEGREES, min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        west, south, east, north = (round(value, 5) for value in box)  # 5 digits are one metre
        return west, south, east, north

    def outline(self, box: Box) -> Box | None:
        """Return a box in degrees as a rectangle on the quicklook, None outside of it.

        The rectangle is left, top, right, bottom, as shares of width and height.
        """
        try:
            west, south, east, north = transform_bounds(_DEGREES, self.glance.crs, *box)
        except PROJECTION_ERRORS:
            return None
        left, bottom, right, top = self.glance.bounds
        width, height = right - left, top - bottom
        shares = ((west - left) / width, (top - north) / height, (east - left) / width, (top - south) / height)
        if not np.isfinite(shares).all():
            return None
        x0, y0, x1, y1 = np.clip(shares, 0, 1).tolist()
        return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

    def centre(self, side_m: float) -> Box:
        """Return a square in the middle of the product in degrees, `side_m` metres wide."""
        west, south, east, north = self.glance.bounds
        share = min(0.5, side_m / (east - west) / 2), min(0.5, side_m / (north - south) / 2)
        return self.area(0.5 - share[0], 0.5 - share[1], 0.5 + share[0], 0.5 + share[1])

    def corners(self) -> list[tuple[float, float]]:
        """Return longitude and latitude of the four corners of the footprint."""
        west, south, east, north = self.glance.bounds
        lons, lats = transform(self.glance.crs, _DEGREES, [west, east, east, west], [north, north, south, south])
        return list(zip(lons, lats, strict=True))
