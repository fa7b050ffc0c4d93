"""Rasters in and out: lazy windows in reflectance, streamed GeoTIFFs."""
