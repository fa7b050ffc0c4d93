"""Arrays of pixels: windows, nodata and radiometry, without files and network."""
