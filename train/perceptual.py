"""Distances in the features of pretrained networks: options, since their weights come from elsewhere."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Self
from urllib.error import URLError

import torch
from torch import Tensor, nn

from rs_srgan.errors import InputError
from rs_srgan.sensors import SENTINEL2

Perceptual = Literal["vgg19", "lpips"]

# ImageNet's, of RGB in 0..1. Source: torchvision's documentation of its weights.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# The fourth convolution before the fifth pooling, after its activation: VGG54 of Ledig et al. 2017.
_VGG54_LAYERS = 36

_INSTEAD = (
    "pip install 'rs_srgan[perceptual]'. "
    "Or leave it out: the discriminator's own features (feature_matching) need nothing."
)


def make_perceptual(name: Perceptual, bands: Sequence[str], white: float) -> Callable[[Tensor, Tensor], Tensor]:
    """From SR and HR, reflectance (B, C, H, W), to a distance.

    Its frozen weights are no part of the module that holds it: they stay out of checkpoints and averages.

    Args:
        name: of the network.
        bands: of the images.
        white: reflectance that is white on a screen.

    Raises:
        InputError: the library is not installed, or its weights cannot be had.
    """
    return _Frozen({"vgg19": _VGG19, "lpips": _LPIPS}[name](bands, white))


class _Frozen:
    """Not a module itself, so none registers it; follows the images to their device instead."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network.eval().requires_grad_(False)

    def __call__(self, sr: Tensor, hr: Tensor) -> Tensor:
        distance: Tensor = self._network.to(sr.device)(sr, hr)
        return distance

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # the copy of a module that is averaged needs none of its own


class _RGB(nn.Module):
    """Picks and stretches what such networks know: red, green, blue in 0..1."""

    def __init__(self, bands: Sequence[str], white: float) -> None:
        super().__init__()
        self.white = white
        self.indexes = [list(bands).index(band) for band in SENTINEL2.display_bands(bands)]

    def forward(self, image: Tensor) -> Tensor:
        return (image[:, self.indexes] / self.white).clamp(0, 1)


class _VGG19(nn.Module):
    mean: Tensor
    std: Tensor

    def __init__(self, bands: Sequence[str], white: float) -> None:
        super().__init__()
        try:
            from torchvision.models import VGG19_Weights, vgg19
        except (ImportError, RuntimeError):  # RuntimeError: one that was built for another torch
            raise InputError(
                f"The perceptual loss vgg19 needs torchvision, built for the torch that is installed: {_INSTEAD}"
            ) from None
        try:
            network = vgg19(weights=VGG19_Weights.DEFAULT)
        except (URLError, OSError):
            raise InputError(
                "The weights of VGG19 cannot be downloaded: connect once, or copy them into torch's cache."
            ) from None
        self.rgb = _RGB(bands, white)
        self.features = network.features[:_VGG54_LAYERS]
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(_STD)[:, None, None], persistent=False)

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        a, b = (self.features((self.rgb(image) - self.mean) / self.std) for image in (sr, hr))
        return nn.functional.mse_loss(a, b)


class _LPIPS(nn.Module):
    def __init__(self, bands: Sequence[str], white: float) -> None:
        super().__init__()
        try:
            from lpips import LPIPS

            self.network = LPIPS(net="alex", verbose=False)
        except (ImportError, RuntimeError):
            raise InputError(
                "The perceptual loss lpips needs the package of that name and torchvision, built for the torch that is "
                f"installed: {_INSTEAD}"
            ) from None
        except (URLError, OSError):
            raise InputError("The weights of LPIPS cannot be downloaded: connect once.") from None
        self.rgb = _RGB(bands, white)

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        distance: Tensor = self.network(self.rgb(sr), self.rgb(hr), normalize=True)
        return distance.mean()
