"""`Scene`: what a catalogue knows about one acquisition over a place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rs_srgan.catalogues.catalogue import Catalogue, Collection, Image
from rs_srgan.catalogues.place import Place


@dataclass(frozen=True)
class Asset:
    """An image of a scene.

    Attributes:
        address: its address in the catalogue, not signed.
        scale: reflectance per DN that the metadata state; None without.
        offset: reflectance at DN 0 that the metadata state; None without.
    """

    address: str
    scale: float | None = None
    offset: float | None = None


@dataclass(frozen=True)
class Part:
    """The images of an acquisition in one tile.

    Attributes:
        item: name of the item in the catalogue.
        tile: tile of the military grid, for example "33UUP"; empty if unknown.
        baseline: processing baseline, for example "05.10"; empty if unknown.
        applied: the catalogue's flag that the offset was taken out of the pixels; None without it.
        images: the images by band (or "SCL") and pixel size in metres.
        picture: address of a picture in true colours; None without.
        thumbnail: address of a thumbnail; None without.
    """

    item: str
    tile: str
    baseline: str
    applied: bool | None
    images: Mapping[Image, Asset] = field(hash=False)
    picture: str | None = None
    thumbnail: str | None = None


@dataclass(frozen=True)
class Scene:
    """One acquisition over a place.

    Attributes:
        catalogue: the catalogue.
        collection: the collection in it.
        place: the area that was searched.
        taken: time of the acquisition, UTC.
        platform: the satellite, for example "sentinel-2b".
        orbit: relative orbit, 1 to 143; None if unknown.
        cloud: share of the area under clouds and their shadows, 0 to 1; None without a scene classification.
        covered: share of the area with pixels, 0 to 1.
        parts: the tiles, the one that shows most of the area first.
    """

    catalogue: Catalogue = field(repr=False)
    collection: Collection = field(repr=False)
    place: Place = field(repr=False)
    taken: datetime
    platform: str
    orbit: int | None
    cloud: float | None
    covered: float
    parts: tuple[Part, ...] = field(repr=False)

    @property
    def name(self) -> str:
        """Name of the first tile's item."""
        return self.parts[0].item

    @property
    def tile(self) -> str:
        """Names of the tiles, separated by +."""
        return "+".join(part.tile or "?" for part in self.parts)

    @property
    def baseline(self) -> str:
        """Processing baseline of the first tile; empty if unknown."""
        return self.parts[0].baseline

    @property
    def thumbnail(self) -> str | None:
        """Address of a thumbnail of the first tile; None without."""
        return self.parts[0].thumbnail

    @property
    def clear(self) -> float:
        """Share of the area that shows the ground, 0 to 1; clouds count as absent if they are unknown."""
        return max(0.0, self.covered - (self.cloud or 0.0))

    def __str__(self) -> str:
        cloud = "cloud unknown" if self.cloud is None else f"{100 * self.cloud:.0f} % cloud"
        covered = f"{100 * self.covered:.0f} % covered"
        return f"{self.taken:%Y-%m-%d} {self.platform} {self.tile}: {cloud}, {covered}, {self.name}"
