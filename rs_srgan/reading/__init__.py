"""Rasters in and out: lazy windows in reflectance, streamed GeoTIFFs."""

import warnings

from rasterio.errors import NotGeoreferencedWarning

# An array or a PNG lies nowhere, and its result does not either: nothing to warn of.
warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)
