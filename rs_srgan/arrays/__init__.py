"""Images that are open or in memory, in and out: rasterio's datasets, arrays with labels (xarray), batches."""
