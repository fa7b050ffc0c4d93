"""The rights of an image: tags that state its source, its owner and its licence."""

from datetime import datetime

from rasterio.io import DatasetReader

# A tag states rights if its name contains one of these words.
_WORDS = ("ATTRIBUTION", "COPYRIGHT", "CREDIT", "LICENCE", "LICENSE", "RIGHTS", "TIFFTAG_ARTIST")
# Longest text that a result carries over.
_MOST_CHARACTERS = 2000


def read_rights(dataset: DatasetReader) -> dict[str, str]:
    """Return the tags of an open file that state its attribution, copyright or licence, by name."""
    return {
        name: value[:_MOST_CHARACTERS]
        for name, value in dataset.tags().items()
        if any(word in name.upper() for word in _WORDS)
    }


def rights_of_product(sensed: datetime | None) -> dict[str, str]:
    """Return the tag that the licence of Sentinel data requires of everything that is made from a product.

    Source: Legal notice on the use of Copernicus Sentinel Data and Service Information.

    Args:
        sensed: time of the acquisition, None if it is unknown.
    """
    year = f" {sensed.year}" if sensed else ""
    return {"TIFFTAG_COPYRIGHT": f"Contains modified Copernicus Sentinel data{year}"}
