"""A folder of photographs or other pictures: LR made on the fly."""

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from torch.utils.data import Dataset

from rs_srgan.errors import InputError
from rs_srgan.pixels.radiometry import FloatImage
from rs_srgan.sensors import sentinel2 as band_table
from train.data.crops import BRIGHTNESS, RandomCrops, ValidationImages
from train.data.degradation import SensorJitter
from train.data.module import Degradation, SRDataModule, ViewsConfig, require_files
from train.data.splits import refuse_leaks, split_by_hash

_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
_VALIDATION_PX = 256


@dataclass(frozen=True)
class Picture:
    """A file of red, green and blue in 8 bits, read when it is wanted, as 0..1. It is its own place.

    Attributes:
        name: of the file.
        path: of it.
        shape: (3, H, W).
    """

    name: str
    path: Path
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, path: Path) -> "Picture":
        """Look at a file.

        Raises:
            InputError: no picture.
        """
        try:
            with warnings.catch_warnings(), Image.open(path) as image:
                warnings.simplefilter("error")  # one that unpacks to more than 90 million pixels is no photograph
                if image.mode.startswith(("I", "F")):
                    raise InputError(
                        f"{path} has more than 8 bits; use train.data.pairs or train.data.scenes for such."
                    )
                return cls(path.name, path, (3, image.height, image.width))
        except (UnidentifiedImageError, OSError, Warning, Image.DecompressionBombError) as error:
            raise InputError(f"{path} is no picture that can be read ({type(error).__name__}).") from None

    @property
    def images(self) -> tuple["Picture"]:
        """The only one."""
        return (self,)

    def __getitem__(self, window: tuple[slice, slice, slice]) -> FloatImage:
        try:
            with Image.open(self.path) as image:
                pixels = np.asarray(image.convert("RGB"), np.float32)
        except (OSError, Image.DecompressionBombError):
            raise InputError(f"{self.path} is truncated or corrupt.") from None
        return np.ascontiguousarray(pixels.transpose(2, 0, 1)[window] / 255)


class ImageFolderDataModule(SRDataModule):
    """Pictures in a folder, such as Oxford-IIIT Pet or OpenImages. See `SRDataModule`.

    With folders `root/train` and `root/val` the split is theirs, else a tenth of the files validates, chosen by hash.

    Args:
        root: the folder; those below it are looked into.
        scale: of the model.
        bands: of the model; three, for red, green and blue.
        mtf_nyquist: of the model.
        crop_lr_px: size of the training crops.
        batch_size: crops per step.
        steps_per_epoch: between two validations.
        degradation: "sensor", or antialiased "bilinear" or "bicubic".
        jitter: how the simulated sensor varies in training.
        views: synthetic revisits.
        validation_images: at most so many.
        workers: processes that load.
        seed: of the crops.
    """

    def __init__(
        self,
        root: str,
        scale: int = 4,
        bands: tuple[str, ...] = band_table.RGBN[:3],
        mtf_nyquist: tuple[float, ...] = (),
        crop_lr_px: int = 32,
        batch_size: int = 12,
        steps_per_epoch: int = 1000,
        degradation: Degradation = "bicubic",
        jitter: SensorJitter = SensorJitter(),  # frozen
        views: ViewsConfig = ViewsConfig(),  # frozen
        validation_images: int = 200,
        workers: int = 0,
        seed: int = 0,
    ) -> None:
        if len(bands) != 3:
            raise InputError(f"Pictures have red, green and blue; the model has {len(bands)} bands.")
        super().__init__(
            scale,
            bands,
            mtf_nyquist,
            crop_lr_px,
            batch_size,
            steps_per_epoch,
            degradation,
            jitter,
            views,
            workers,
            seed,
        )
        self.root, self.validation_images = Path(root), validation_images

    def datasets(self) -> tuple[RandomCrops, Dataset[object]]:
        """Of the files."""
        if (self.root / "train").is_dir():
            train, held_out = _files(self.root / "train"), _files(self.root / "val")
            refuse_leaks({"train": _names(self.root / "train", train), "val": _names(self.root / "val", held_out)})
        else:
            files = _files(self.root)
            validating = split_by_hash([str(path.relative_to(self.root)) for path in files], share=0.1)
            held_out = [path for path in files if str(path.relative_to(self.root)) in validating]
            train = [path for path in files if path not in set(held_out)]
        if not train:
            raise InputError(f"{self.root} holds one picture; expected at least two, one of them for validation.")
        pictures = [Picture.of(path) for path in train]
        validation = ValidationImages(
            [Picture.of(path) for path in held_out[: self.validation_images]], self.scale, _VALIDATION_PX
        )
        # never brighter than white
        crops = RandomCrops([(pictures, 1.0)], self.crop_hr_px, self.length, self.seed, (BRIGHTNESS[0], 1.0))
        return crops, validation


def _names(root: Path, files: list[Path]) -> dict[str, list[str]]:
    """Each file as a place of its own, as `refuse_leaks` wants it."""
    return {name: [name] for name in (str(path.relative_to(root)) for path in files)}


def _files(root: Path) -> list[Path]:
    files = sorted(path for path in root.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
    require_files(f"Pictures in {root}", files)
    return files
