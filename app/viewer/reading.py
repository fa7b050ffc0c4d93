"""What was read of an image, and how, as the browser reads it in JSON: what `rs-srgan inspect --json` says."""

from app.errors import for_people
from rs_srgan.reading.inspection import Inspection

# The facts of `Inspection.as_json`.
Reading = dict[str, object]


def describe_reading(found: Inspection) -> Reading:
    """Return what was read of an image; its warnings name fields of the page in place of options."""
    own = {"named": for_people(found.named), "warnings": [for_people(warning) for warning in found.warnings]}
    return found.as_json() | own
