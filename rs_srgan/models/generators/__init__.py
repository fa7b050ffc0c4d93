"""Generators: the networks that a model can hold, by name."""

from rs_srgan.models.generators.edsr import EDSR
from rs_srgan.models.generators.edsr_lka import EDSRLKA
from rs_srgan.models.generators.generator import Generator
from rs_srgan.models.generators.lka import LKA
from rs_srgan.models.generators.none import NoGenerator
from rs_srgan.models.generators.rcab import RCAB
from rs_srgan.models.generators.rrdb import RRDB
from rs_srgan.models.generators.srresnet import SRResNet

# The names are those of `SISRConfig.generator`.
GENERATORS: dict[str, type[Generator]] = {
    "edsr": EDSR,
    "srresnet": SRResNet,
    "rrdb": RRDB,
    "rcab": RCAB,
    "lka": LKA,
    "edsr_lka": EDSRLKA,
    "none": NoGenerator,
}

__all__ = ["GENERATORS", "Generator"]
