"""Longitude and latitude in words."""


def degrees_in_words(lon: float, lat: float, digits: int) -> str:
    """Return a place as people write it, latitude first: `46.40° N 10.90° E`."""
    north, east = "N" if lat >= 0 else "S", "E" if lon >= 0 else "W"
    return f"{abs(lat):.{digits}f}° {north} {abs(lon):.{digits}f}° {east}"
