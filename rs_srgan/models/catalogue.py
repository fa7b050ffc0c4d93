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


@dataclass(frozen=True)
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

    @property
    def accuracy(self) -> Accuracy:
        """The figures that stand for the model, of Sentinel-2 sites that training did not use."""
        return accuracy_of(self.metrics)


def catalogue() -> dict[str, BundledModel]:
    """Return all bundled models by name."""
    return {name: _bundled(name, bundle() / name) for name in bundled_names()}


def read_model_config(folder: Path) -> SISRConfig:
    """Read config.json of a model's folder.

    Raises:
        InputError: there is no config.json, or it does not describe a model.
    """
    path = fetch(folder, CONFIG_FILE)
    return read_config(path, find_model_class(path).config_class)


def _bundled(name: str, folder: Path) -> BundledModel:
    return BundledModel(name, folder, read_model_config(folder), read_metrics(fetch(folder, METRICS_FILE)))
