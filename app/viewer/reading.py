"""What was read of an image, and how, as the browser reads it in JSON: what `rs-srgan inspect --json` says."""

from rasterio.crs import CRS

from app.errors import for_people
from rs_srgan.reading.inspection import Inspection

# The facts of `Inspection.as_json`.
Reading = dict[str, object]
_UNITS = {"metre": "m", "degree": "°"}


def describe_reading(found: Inspection) -> Reading:
    """Return what was read of an image, with the unit of its CRS; its warnings name fields of the page."""
    own = {"named": for_people(found.named), "warnings": [for_people(warning) for warning in found.warnings]}
    return found.as_json() | own | {"unit": _unit_of(found.crs) if found.crs else ""}


def _unit_of(crs: str) -> str:
    name = str(CRS.from_user_input(crs).units_factor[0])
    return _UNITS.get(name, name)
