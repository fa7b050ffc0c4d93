"""The catalogue of bundled models."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rs_srgan.hub.download import CONFIG_FILE, fetch
from rs_srgan.hub.names import bundle, bundled_names
from rs_srgan.models import MISR, MISRConfig, SISRConfig
from rs_srgan.models.checkpoint import parse_config, read_config

METRICS_FILE = "metrics.json"
# Number of views that one figure of a model for revisits is given for.
VIEWS = "8"


@dataclass(frozen=True)
class BundledModel:
    """One entry of the catalogue.

    Attributes:
        name: what `load_model` takes.
        folder: config.json, model.safetensors, README.md, metrics.json.
        config: what the model is built from.
        metrics: the figures of its card, as the benchmark wrote them.
    """

    name: str
    folder: Path
    config: SISRConfig
    metrics: dict[str, Any]

    def psnr_db(self) -> tuple[float, float, float]:
        """Mean over unseen Sentinel-2 sites, peak reflectance 1: of bicubic, a baseline without learning and the model.

        The baseline is back-projected bicubic; of several revisits the back-projected shift-and-add of eight of them,
        as many as the model is given, on track A.
        """
        if "tracks" in self.metrics:
            mean = self.metrics["tracks"]["A"]["mean"]
            return mean["bicubic"][VIEWS], mean["shift_and_add"][VIEWS], mean["model"][VIEWS]
        mean = self.metrics["groups"]["sentinel2"]["mean"]
        return mean["bicubic"]["psnr_db"], mean["back_projection"]["psnr_db"], mean["model"]["psnr_db"]


def catalogue() -> dict[str, BundledModel]:
    """All bundled models by name."""
    models = {}
    for name in bundled_names():
        folder = bundle() / name
        metrics = json.loads(fetch(folder, METRICS_FILE).read_text(encoding="utf-8"))
        models[name] = BundledModel(name, folder, read_model_config(folder), metrics)
    return models


def read_model_config(folder: Path) -> SISRConfig:
    """What the model in a folder is built from.

    Raises:
        InputError: no config.json, or one that does not hold.
    """
    path = fetch(folder, CONFIG_FILE)
    kind = MISRConfig if read_config(path)["model_class"] == MISR.__name__ else SISRConfig
    return parse_config(path, kind)
