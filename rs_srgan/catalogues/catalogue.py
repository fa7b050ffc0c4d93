"""`Catalogue`: an archive of Sentinel-2 scenes with a STAC API, as a declaration."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Literal
from urllib.parse import urlsplit

# A band, or "SCL", and its pixel size in metres.
Image = tuple[str, int]
# Whether the pixels of baseline 04.00 and later hold the offset of 1000 DN: "kept" as in the product, or "removed";
# "stated" if only the metadata of each scene say it.
OffsetRule = Literal["kept", "removed", "stated"]


@dataclass(frozen=True)
class Collection:
    """A collection of a catalogue.

    Attributes:
        name: name in the catalogue.
        level: processing level, "L1C" or "L2A".
        assets: names of the assets, by band (or "SCL") and pixel size in metres.
        offset: whether the pixels hold the offset.
        picture: name of the asset with a picture in true colours, 10 m, three bands of 8 bits; None without one.
        thumbnail: name of the asset with a thumbnail of the tile.
    """

    name: str
    level: Literal["L1C", "L2A"]
    assets: Mapping[Image, str]
    offset: OffsetRule
    picture: str | None = "visual"
    thumbnail: str = "thumbnail"


def _unsigned(address: str) -> str:
    return address


@dataclass(frozen=True)
class Catalogue:
    """A catalogue of scenes.

    Attributes:
        name: name on the command line.
        title: name for people.
        url: address of the STAC API.
        collections: its collections, the preferred one first.
        hosts: scheme and host of the addresses where its images are, for example "https://*.example.com"; "s3://NAME"
            for a bucket. Images elsewhere are refused.
        sign: returns the address with which an image can be read, given that in the catalogue.
        settings: GDAL's options for reading the images.
    """

    name: str
    title: str
    url: str
    collections: tuple[Collection, ...]
    hosts: tuple[str, ...]
    sign: Callable[[str], str] = _unsigned
    settings: Mapping[str, str] = field(default_factory=dict, hash=False)

    def allows(self, address: str) -> bool:
        """Return whether an address is one of this catalogue's images, by its scheme and host."""
        try:
            parts = urlsplit(address)
            host = f"{parts.scheme.lower()}://{parts.netloc.lower()}"
        except ValueError:
            return False
        return "@" not in host and any(fnmatch(host, each) for each in self.hosts)
