"""Writing GeoTIFFs window by window, so that a stopped run can be resumed."""
