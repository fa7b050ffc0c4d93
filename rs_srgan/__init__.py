"""Super-resolution for satellite images, Sentinel-2 first.

>>> from rs_srgan import load_model, super_resolve
>>> super_resolve("scene.tif", "scene_x4.tif")                          # doctest: +SKIP
>>> sr = load_model("sisr-x4-rgbn").predict(reflectance)                # doctest: +SKIP
"""

from rs_srgan.errors import InputError
from rs_srgan.hub import load_model
from rs_srgan.inference.scene import super_resolve
from rs_srgan.models import SISR, SISRConfig
from rs_srgan.version import __version__

__all__ = ["SISR", "InputError", "SISRConfig", "__version__", "load_model", "super_resolve"]
