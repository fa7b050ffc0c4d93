"""SRDataModule: the parameters that all data modules share, and the loading of crops and validation images."""

import os
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import lightning as L
from torch.utils.data import DataLoader, Dataset

from rs_srgan.errors import InputError
from rs_srgan.sensors import RGBN, SENTINEL2, find_sensor
from rs_srgan.sensors.mtf import SCALES
from train.data.batch import Sample
from train.data.crops import Crops
from train.data.pair_check import Comparison

# Environment variable in which Lightning keeps `seed_everything`.
_SEED_OF_THE_RUN = "PL_GLOBAL_SEED"


class _Loader(DataLoader[Any]):
    """DataLoader that reports a wrong image in one line, also if a worker process read it."""

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]  # callers use nothing but the iteration
        try:
            yield from super().__iter__()
        except InputError as error:
            # An error of a worker process carries its whole traceback as text; the message is the last part.
            message = str(error).rpartition(f"{type(error).__name__}: ")[2].strip()
            raise type(error)(message) from None


class SRDataModule(L.LightningDataModule):
    """Base class of the data modules: training crops and whole validation images, both from `datasets`.

    The command line takes `scale`, `bands`, `mtf_nyquist` and `sensor` from the model.

    Args:
        scale: HR pixels per LR pixel along each axis: 2, 4 or 8.
        bands: names of the bands to read, in the model's order.
        mtf_nyquist: MTF of the sensor at Nyquist, one value per band; the values of `sensor` if empty.
        sensor: name of the sensor whose band names and encoding the files have.
        crop_lr_px: side of the training crops, LR pixels.
        batch_size: crops per step.
        steps_per_epoch: steps between two validations.
        workers: number of loading processes; more than 0 helps only where images are read from disk.
        seed: seed of all random numbers of the data; that of the run (`seed_everything`) if left out.
    """

    def __init__(
        self,
        *,
        scale: int = 4,
        bands: tuple[str, ...] = RGBN,
        mtf_nyquist: tuple[float, ...] = (),
        sensor: str = SENTINEL2.name,
        crop_lr_px: int = 32,
        batch_size: int = 12,
        steps_per_epoch: int = 1000,
        workers: int = 0,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        if scale not in SCALES:
            raise InputError(f"scale is {scale}; expected one of {SCALES}.")
        require_at_least(1, crop_lr_px=crop_lr_px, batch_size=batch_size, steps_per_epoch=steps_per_epoch)
        require_at_least(0, workers=workers)
        self.scale, self.workers = scale, workers
        self.seed = int(os.environ.get(_SEED_OF_THE_RUN, "0")) if seed is None else seed
        self.bands = tuple(bands)
        self.sensor = find_sensor(sensor)
        self.mtf = tuple(mtf_nyquist) or self.sensor.mtf_nyquist(self.bands)
        self.crop_lr_px, self.batch_size, self.steps_per_epoch = crop_lr_px, batch_size, steps_per_epoch

    @abstractmethod
    def datasets(self) -> tuple[Crops, Dataset[Sample]]:
        """Return the training crops, `length` of them with a side of `crop_hr_px`, and the validation images."""

    def files(self) -> list[Path]:
        """Return the files that identify the data in training.json; none unless a subclass lists them."""
        return []

    def comparison(self) -> Comparison | None:
        """Compare LR with HR; None if LR is made from HR. Called after `setup`."""
        return None

    @property
    def crop_hr_px(self) -> int:
        """Side of the training crops, HR pixels."""
        return self.crop_lr_px * self.scale

    @property
    def length(self) -> int:
        """Crops per epoch, of all processes of the run together."""
        return self.steps_per_epoch * self.batch_size * (self.trainer.world_size if self.trainer else 1)

    def setup(self, stage: str) -> None:
        """Find the images; small collections are also read here."""
        self.crops, self.validation = self.datasets()

    def train_dataloader(self) -> DataLoader[Any]:
        """Return the crops of the current epoch; Lightning asks again every epoch, so a resumed run gets the same."""
        self.crops.epoch = self.trainer.current_epoch if self.trainer else 0
        return _Loader(self.crops, self.batch_size, num_workers=self.workers, drop_last=True)

    def val_dataloader(self) -> DataLoader[Any]:
        """Return the validation images, one at a time."""
        return _Loader(self.validation, 1, num_workers=self.workers)


def require_at_least(least: int, **values: int) -> None:
    """Check that settings are at least `least`.

    Raises:
        InputError: a value is smaller.
    """
    for name, value in values.items():
        if value < least:
            raise InputError(f"{name} is {value}; expected at least {least}.")


def is_image(path: Path, suffixes: Sequence[str]) -> bool:
    """Return whether a file is an image by its name; hidden files, for example `._a.tif` of macOS, are not."""
    return path.suffix.lower() in suffixes and not path.name.startswith(".")


def images_in(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """Return the images of a folder, sorted by name.

    Args:
        folder: the folder.
        suffixes: lower-case endings of names of images.

    Raises:
        InputError: it has none; the message names other files in it.
    """
    found = sorted(path for path in folder.glob("*") if is_image(path, suffixes))
    if found:
        return found
    others = sorted(path.name for path in folder.glob("*") if path.is_file() and not path.name.startswith("."))
    empty = "has no files" if folder.is_dir() else "is missing"
    what = f"has {', '.join(others[:3])} and no image" if others else empty
    arrays = any(name.lower().endswith(".npz") for name in others)
    remedy = " Save each array of an .npz file with numpy.save, as .npy." if arrays else ""
    raise InputError(f"{folder} {what}; expected files with one of the endings {', '.join(suffixes)}.{remedy}")


def require_files(what: str, found: Sequence[Any]) -> None:
    """Check that a collection is not empty.

    Raises:
        InputError: it is empty.
    """
    if not found:
        raise InputError(f"{what}: nothing found; expected at least one file.")
