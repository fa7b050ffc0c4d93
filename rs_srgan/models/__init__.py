"""The networks: configurations, generators, and the SISR model that wraps them."""

from rs_srgan.models.config import SISRConfig
from rs_srgan.models.sisr import SISR

__all__ = ["SISR", "SISRConfig"]
