"""Fusions of several revisits, by name."""

from rs_srgan.models.fusion.fusion import Fusion, FusionSettings
from rs_srgan.models.fusion.innovation import InnovationFusion
from rs_srgan.models.fusion.recursive import RecursiveFusion

# The names are those of `MISRConfig.fusion`.
FUSIONS: dict[str, type[Fusion]] = {"innovation": InnovationFusion, "recursive": RecursiveFusion}

__all__ = ["FUSIONS", "Fusion", "FusionSettings"]
