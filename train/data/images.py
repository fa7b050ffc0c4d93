"""ImageFolderDataModule: a folder of photographs, with LR made from them."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError
from torch.utils.data import Dataset

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.sensors import RGBN
from train.data.batch import Sample
from train.data.crops import BRIGHTNESS, RandomCrops, ValidationImages
from train.data.module import is_image, require_files
from train.data.simulated import Degradation, SimulatedDataModule
from train.data.splits import refuse_leaks, split_by_hash

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
# Greatest height and width of a validation image, HR pixels.
_VALIDATION_PX = 256


@dataclass(frozen=True)
class Picture:
    """Image file with red, green and blue in 8 bits, read on demand as 0..1. Every file is a place.

    Attributes:
        name: name of the file.
        path: path of the file.
        shape: (3, H, W).
    """

    name: str
    path: Path
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, path: Path) -> "Picture":
        """Read the size of a file.

        Raises:
            InputError: the file is not a readable picture of 8 bits.
        """
        try:
            with warnings.catch_warnings(), Image.open(path) as image:
                warnings.simplefilter("error")  # Pillow warns of more than 90 million pixels, a decompression bomb
                if image.mode.startswith(("I", "F")):
                    raise InputError(
                        f"{path} has more than 8 bits; expected 8 bits. Use train.data.pairs or train.data.scenes."
                    )
                return cls(path.name, path, (3, image.height, image.width))
        except (UnidentifiedImageError, OSError, Warning, Image.DecompressionBombError) as error:
            raise InputError(f"{path} is not a readable picture ({type(error).__name__}). Remove it.") from None

    @property
    def images(self) -> tuple["Picture"]:
        """The picture itself."""
        return (self,)

    def __getitem__(self, window: tuple[slice, slice, slice]) -> FloatImage:
        try:
            with Image.open(self.path) as image:
                pixels = np.asarray(image.convert("RGB"), np.float32)
        except (OSError, Image.DecompressionBombError):
            raise InputError(f"{self.path} is truncated or corrupt. Replace or remove it.") from None
        return np.ascontiguousarray(pixels.transpose(2, 0, 1)[window] / 255)


class ImageFolderDataModule(SimulatedDataModule):
    """Pictures in a folder, for example Oxford-IIIT Pet or OpenImages. See `SRDataModule`.

    Folders `root/train` and `root/val` set the split. Without them a tenth of the files validates, chosen by a hash.

    Args:
        root: the folder; its subfolders are searched, too.
        bands: names of the model's bands; three, for red, green and blue.
        degradation: how LR is made: "sensor", or "bilinear" and "bicubic" with antialiasing.
        validation_images: greatest number of validation images.
        **shared: parameters of `SimulatedDataModule` and `SRDataModule`.
    """

    def __init__(
        self,
        root: str,
        *,
        bands: tuple[str, ...] = RGBN[:3],
        degradation: Degradation = "bicubic",
        validation_images: int = 200,
        **shared: Any,  # noqa: ANN401
    ) -> None:
        if len(bands) != 3:
            raise InputError(
                f"The model has {len(bands)} bands; expected 3, because pictures have red, green and blue. Use another "
                "model or data module."
            )
        super().__init__(bands=bands, degradation=degradation, **shared)
        self.root, self.validation_images = Path(root), validation_images

    def datasets(self) -> tuple[RandomCrops, Dataset[Sample]]:
        """Return crops and validation images of the files."""
        if (self.root / "train").is_dir():
            train, held_out = _files(self.root / "train"), _files(self.root / "val")
            refuse_leaks({"train": _names(self.root / "train", train), "val": _names(self.root / "val", held_out)})
        else:
            files = _files(self.root)
            validating = split_by_hash([str(path.relative_to(self.root)) for path in files], share=0.1)
            held_out = [path for path in files if str(path.relative_to(self.root)) in validating]
            train = [path for path in files if path not in set(held_out)]
        if not train:
            raise InputError(f"{self.root} has one picture; expected at least two, because one validates.")
        pictures = [Picture.of(path) for path in train]
        validation = ValidationImages(
            [Picture.of(path) for path in held_out[: self.validation_images]], self.scale, _VALIDATION_PX
        )
        # The greatest factor is 1, because nothing is brighter than white.
        crops = RandomCrops([(pictures, 1.0)], self.crop_hr_px, self.length, self.seed, (BRIGHTNESS[0], 1.0))
        return crops, validation


def _names(root: Path, files: list[Path]) -> dict[str, list[str]]:
    """Return each file as a place, for `refuse_leaks`."""
    return {name: [name] for name in (str(path.relative_to(root)) for path in files)}


def _files(root: Path) -> list[Path]:
    files = sorted(path for path in root.rglob("*") if is_image(path, _SUFFIXES) and path.is_file())
    require_files(f"Pictures in {root}", files)
    return files
