"""The networks: configurations, generators, and the SISR model that wraps them."""

from rs_srgan.models.config import MISRConfig, SISRConfig
from rs_srgan.models.misr import MISR
from rs_srgan.models.sisr import SISR

__all__ = ["MISR", "SISR", "MISRConfig", "SISRConfig"]
