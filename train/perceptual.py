"""Perceptual losses: distances between features of pretrained networks, whose weights are downloaded."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Self
from urllib.error import URLError

import torch
from torch import Tensor, nn

from rs_srgan.errors import InputError
from rs_srgan.sensors import SENTINEL2

Perceptual = Literal["vgg19", "lpips"]

# Mean and standard deviation of ImageNet, RGB in 0..1. Source: documentation of torchvision's weights.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Layers up to the activation of the fourth convolution before the fifth pooling: VGG54 of Ledig et al. 2017.
_VGG54_LAYERS = 36

_INSTEAD = (
    "pip install 'rs_srgan[perceptual]'. "
    "Or leave it out: the features of the discriminator (adversarial.feature_matching) need no package."
)


def make_perceptual(name: Perceptual, bands: Sequence[str], white: float) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a function from SR and HR, reflectance (B, C, H, W), to their distance.

    The frozen weights are not registered in the module that uses the function, so checkpoints and averages leave them
    out.

    Args:
        name: name of the network.
        bands: names of the bands of the images.
        white: reflectance that the network sees as white.

    Raises:
        InputError: the library is not installed, or its weights cannot be downloaded.
    """
    return _Frozen({"vgg19": _VGG19, "lpips": _LPIPS}[name](bands, white))


class _Frozen:
    """Wrapper that hides a network from the module that uses it, and moves it to the device of the images."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network.eval().requires_grad_(False)

    def __call__(self, sr: Tensor, hr: Tensor) -> Tensor:
        distance: Tensor = self._network.to(sr.device)(sr, hr)
        return distance

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # averaging copies the module; the copy can share the frozen network


class _RGB(nn.Module):
    """Selection of red, green and blue, stretched to 0..1, as such networks expect."""

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
        except (ImportError, RuntimeError):  # RuntimeError: torchvision was built for another torch
            raise InputError(
                f"The perceptual loss vgg19 needs a torchvision that fits the installed torch: {_INSTEAD}"
            ) from None
        try:
            network = vgg19(weights=VGG19_Weights.DEFAULT)
        except (URLError, OSError):
            raise InputError(
                "The weights of VGG19 cannot be downloaded. Connect to the internet once, or fill torch's cache."
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
                "The perceptual loss lpips needs the package lpips and a torchvision that fits the installed torch: "
                f"{_INSTEAD}"
            ) from None
        except (URLError, OSError):
            raise InputError("The weights of LPIPS cannot be downloaded. Connect to the internet once.") from None
        self.rgb = _RGB(bands, white)

    def forward(self, sr: Tensor, hr: Tensor) -> Tensor:
        distance: Tensor = self.network(self.rgb(sr), self.rgb(hr), normalize=True)
        return distance.mean()
