"""`network_bytes`: how much memory a network needs, by its configuration alone."""

import torch
from torch import nn

from rs_srgan.models.config import MISRConfig, SISRConfig
from rs_srgan.models.generators import GENERATORS
from rs_srgan.models.generators.edsr import ResidualBlock


def network_bytes(config: SISRConfig) -> int:
    """Return the bytes of the weights in float32, without allocating them: config.json of a stranger may ask for 19 GB.

    Of a fusion only its residual blocks count. It has little else.

    Args:
        config: a valid configuration.
    """
    generator, bands = GENERATORS[config.generator], len(config.bands)
    with torch.device("meta"):  # shapes only
        size = _bytes_of(generator(config.input_channels, bands, config.scale, config.channels, config.blocks))
        if isinstance(config, MISRConfig):
            width = config.channels if config.fusion == "recursive" else config.fusion_channels
            size += config.fusion_blocks * _bytes_of(ResidualBlock(width))
    return size


def _bytes_of(network: nn.Module) -> int:
    return sum(weight.numel() * weight.element_size() for weight in network.parameters())
