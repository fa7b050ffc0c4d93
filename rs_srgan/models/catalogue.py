"""The catalogue of bundled models."""

from dataclasses import dataclass
from pathlib import Path

from rs_srgan.figures.accuracy import Accuracy, accuracy_of
from rs_srgan.figures.metrics import METRICS_FILE, Metrics, read_metrics
from rs_srgan.hub.download import fetch
from rs_srgan.hub.files import CONFIG_FILE
from rs_srgan.hub.names import bundle, bundled_names
from rs_srgan.models.classes import find_model_class
from rs_srgan.models.config import SISRConfig
from rs_srgan.models.config_file import read_config


@dataclass(frozen=True, repr=False)
class BundledModel:
    """One entry of the catalogue.

    Attributes:
        name: the name that `load_model` takes.
        folder: the folder with config.json, model.safetensors, README.md and metrics.json.
        config: the configuration in config.json.
        metrics: the figures in metrics.json.
    """

    name: str
    folder: Path
    config: SISRConfig
    metrics: Metrics

    def __repr__(self) -> str:
        """Return name, bands, scale and gain in one line."""
        views = "several revisits" if self.several else "one image"
        guide = f", guide: {' '.join(self.guide_bands)}" if self.guide_bands else ""
        gain = f"{self.gain_db:+.2f} dB over {self.accuracy.baseline}"
        return f"{self.name}: {' '.join(self.bands)}{guide}, x{self.scale}, {views}, {gain}"

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands, in the order of the channels."""
        return self.config.bands

    @property
    def guide_bands(self) -> tuple[str, ...]:
        """Names of the finer bands that the model needs beside its own; empty for most models."""
        return self.config.guide_bands

    @property
    def scale(self) -> int:
        """Pixels out per pixel in, along each axis."""
        return self.config.scale

    @property
    def several(self) -> bool:
        """True for models that take several revisits."""
        return self.config.several

    @property
    def gain_db(self) -> float:
        """PSNR over that of the baseline, dB, mean over unseen Sentinel-2 sites. See `accuracy`."""
        return self.accuracy.gain_db

    @property
    def over_bicubic_db(self) -> float:
        """PSNR over that of bicubic, dB. See `accuracy`."""
        return self.accuracy.over_bicubic_db

    @property
    def accuracy(self) -> Accuracy:
        """The figures that stand for the model, of Sentinel-2 sites that training did not use."""
        return accuracy_of(self.metrics)


def catalogue() -> dict[str, BundledModel]:
    """Return all bundled models by name."""
    return {name: _bundled(name, bundle() / name) for name in bundled_names()}


def list_models() -> list[BundledModel]:
    """Return all bundled models, with their bands, scales and measured gains."""
    return list(catalogue().values())


def read_model_config(folder: Path) -> SISRConfig:
    """Read config.json of a model's folder.

    Raises:
        InputError: there is no config.json, or it does not describe a model.
    """
    path = fetch(folder, CONFIG_FILE)
    return read_config(path, find_model_class(path).config_class)


def _bundled(name: str, folder: Path) -> BundledModel:
    return BundledModel(name, folder, read_model_config(folder), read_metrics(fetch(folder, METRICS_FILE)))
