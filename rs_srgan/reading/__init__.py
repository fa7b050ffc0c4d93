"""Reading rasters and Sentinel-2 products as reflectance, window by window."""
