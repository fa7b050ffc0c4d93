"""Arrays of pixels: windows, nodata, radiometry. No file, no network."""
