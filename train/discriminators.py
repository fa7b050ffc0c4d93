"""Discriminators: four networks that tell HR from SR, with one interface."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from rs_srgan.errors import InputError

# Feature maps, first to last, and logits: (B, 1) for whole images or (B, 1, h, w) for their parts.
Judgement = tuple[list[Tensor], Tensor]

# Least height and width of an image; smaller ones have no pixel left after the halvings.
_SMALLEST_PX = {"unet": 8, "patchgan": 24, "srgan": 16, "esrgan": 32}


@dataclass(frozen=True)
class DiscriminatorConfig:
    """Discriminator network and its input.

    Attributes:
        name: "unet" (a logit for every pixel, spectral norm), "patchgan", "srgan" (Ledig's) or "esrgan".
        channels: width of the first layer.
        conditional: also show the enlarged LR image, so that the network judges the detail and not the scene.
    """

    name: Literal["unet", "patchgan", "srgan", "esrgan"] = "unet"
    channels: int = 32
    conditional: bool = True

    @property
    def smallest_px(self) -> int:
        """Least height and width of an image."""
        return _SMALLEST_PX[self.name]


def make_discriminator(config: DiscriminatorConfig, bands: int) -> nn.Module:
    """Return the network of a configuration.

    The network takes normalised images (B, C, H, W), in a conditional network with the enlarged LR image behind the
    bands, and returns a `Judgement`.

    Args:
        config: the configuration.
        bands: number of bands of the images.

    Raises:
        InputError: fewer than one channel.
    """
    if config.channels < 1:
        raise InputError(f"discriminator.channels is {config.channels}; expected at least 1.")
    return _NETWORKS[config.name](bands * (2 if config.conditional else 1), config.channels)


class UNet(nn.Module):
    """U-Net with spectral normalisation: a logit for every pixel. Source: Wang et al. 2021 (Real-ESRGAN)."""

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        self.head = nn.Conv2d(inputs, channels, 3, padding=1)
        self.down = nn.ModuleList(
            spectral_norm(nn.Conv2d(channels * 2**i, channels * 2 ** (i + 1), 4, 2, 1, bias=False)) for i in range(3)
        )
        self.up = nn.ModuleList(
            spectral_norm(nn.Conv2d(channels * 2 ** (i + 1), channels * 2**i, 3, 1, 1, bias=False))
            for i in reversed(range(3))
        )
        self.tail = nn.Sequential(
            spectral_norm(nn.Conv2d(channels, channels, 3, 1, 1, bias=False)),
            nn.LeakyReLU(0.2),
            nn.Conv2d(channels, 1, 3, 1, 1),
        )

    def forward(self, image: Tensor) -> Judgement:
        """Return the judgement of images (B, C, H, W) with H and W of at least 8."""
        features = [F.leaky_relu(self.head(image), 0.2)]
        for layer in self.down:
            features.append(F.leaky_relu(layer(features[-1]), 0.2))
        x = features[-1]
        for layer, skip in zip(self.up, reversed(features[:-1]), strict=True):
            x = F.interpolate(x, size=skip.shape[2:], mode="bilinear", align_corners=False)
            x = F.leaky_relu(layer(x), 0.2) + skip
            features.append(x)
        return features, self.tail(x)


class PatchGAN(nn.Module):
    """PatchGAN: a logit for every patch of 70 pixels. Source: Isola et al. 2017, here with spectral normalisation."""

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        widths = [channels, channels * 2, channels * 4, channels * 8]
        strides = [2, 2, 2, 1]
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(before, width, 4, stride, 1))
            for before, width, stride in zip([inputs, *widths], widths, strides, strict=False)
        )
        self.tail = nn.Conv2d(widths[-1], 1, 4, 1, 1)

    def forward(self, image: Tensor) -> Judgement:
        """Return the judgement of images (B, C, H, W) with H and W of at least 24."""
        features = []
        for layer in self.layers:
            image = F.leaky_relu(layer(image), 0.2)
            features.append(image)
        return features, self.tail(image)


class _OneLogit(nn.Module):
    """Layers whose results are the features, and a tail that makes one logit per image of the last ones."""

    layers: nn.ModuleList
    tail: nn.Sequential

    def forward(self, image: Tensor) -> Judgement:
        """Return the judgement of images (B, C, H, W)."""
        features = []
        for layer in self.layers:
            image = layer(image)
            features.append(image)
        return features, self.tail(image)


class SRGANDiscriminator(_OneLogit):
    """Network of SRGAN: one logit per image, after pooling to 6 x 6. Images have at least 16 x 16 pixels.

    Source: Ledig et al. 2017, section 2.2.
    """

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        widths = [channels * 2 ** (i // 2) for i in range(8)]  # each width twice, with stride 1 and 2
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, width, 3, 1 + i % 2, 1),
                nn.BatchNorm2d(width) if i else nn.Identity(),
                nn.LeakyReLU(0.2),
            )
            for i, (before, width) in enumerate(zip([inputs, *widths], widths, strict=False))
        )
        self.tail = nn.Sequential(
            nn.AdaptiveAvgPool2d(6),
            nn.Flatten(),
            nn.Linear(widths[-1] * 36, channels * 16),
            nn.LeakyReLU(0.2),
            nn.Linear(channels * 16, 1),
        )


class ESRGANDiscriminator(_OneLogit):
    """Network of ESRGAN: one logit per image, after five halvings. Images have at least 32 x 32 pixels.

    Source: Wang et al. 2018, after VGG.
    """

    def __init__(self, inputs: int, channels: int) -> None:
        super().__init__()
        widths = [channels, channels * 2, channels * 4, channels * 8, channels * 8]
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, width, 3, 1, 1, bias=not i),
                nn.BatchNorm2d(width) if i else nn.Identity(),
                nn.LeakyReLU(0.2),
                nn.Conv2d(width, width, 4, 2, 1, bias=False),
                nn.BatchNorm2d(width),
                nn.LeakyReLU(0.2),
            )
            for i, (before, width) in enumerate(zip([inputs, *widths], widths, strict=False))
        )
        self.tail = nn.Sequential(
            nn.AdaptiveAvgPool2d(4),
            nn.Flatten(),
            nn.Linear(widths[-1] * 16, 100),
            nn.LeakyReLU(0.2),
            nn.Linear(100, 1),
        )


_NETWORKS: dict[str, type[UNet | PatchGAN | SRGANDiscriminator | ESRGANDiscriminator]] = {
    "unet": UNet,
    "patchgan": PatchGAN,
    "srgan": SRGANDiscriminator,
    "esrgan": ESRGANDiscriminator,
}


def feature_distance(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """Return the mean L1 distance of feature maps, each relative to the mean modulus of the real one.

    Source: Wang et al. 2018 (pix2pixHD).
    """
    distances = [(a.detach() - b).abs().mean() / a.detach().abs().mean() for a, b in zip(real, fake, strict=True)]
    return torch.stack(distances).mean()
