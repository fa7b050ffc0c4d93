"""Models: SISR for one image, MISR for several revisits, and their configurations."""

from rs_srgan.models.config import MISRConfig, SISRConfig
from rs_srgan.models.misr import MISR
from rs_srgan.models.sisr import SISR

__all__ = ["MISR", "SISR", "MISRConfig", "SISRConfig"]
