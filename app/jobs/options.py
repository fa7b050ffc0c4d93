"""The options of the library that a request stands for."""

from app.jobs.request import Request
from rs_srgan.inference.options import PredictOptions


def shared_options(request: Request) -> PredictOptions:
    """Return the options that are the same for all models of a request, in the app and at the visitor's home."""
    stated = request.stated
    return PredictOptions(
        bbox=request.bbox,
        aoi=request.aoi,
        engine=request.engine,
        offset=stated.offset,
        scale=stated.scale,
        nodata=stated.nodata,
        band_names=stated.band_names,
        soften=request.soften,
        cog=True,
    )
