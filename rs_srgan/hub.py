"""The catalogue of bundled models, and loading any model."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rs_srgan.card_tracks import VIEWS
from rs_srgan.download import CONFIG_FILE, commit_of, fetch
from rs_srgan.errors import InputError
from rs_srgan.models import MISR, SISR, MISRConfig, SISRConfig
from rs_srgan.models.checkpoint import parse_config, read_config
from rs_srgan.models.detail import set_detail
from rs_srgan.sources import DETAIL_MODEL, bundle, bundled_names, find_source

METRICS_FILE = "metrics.json"


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


def load_model(
    name: str | Path,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_dir: str | Path | None = None,
    local_files_only: bool = False,
    detail: float | None = None,
) -> SISR | MISR:
    """A trained model, in evaluation mode: of one image (`SISR`), or of several revisits (`MISR`).

    Args:
        name: a bundled model's name (`rs-srgan models`), a folder written by `save_pretrained`, or a Hub id
            `organisation/name`, with `@revision` if not the newest. Looked for in that order; what looks like a path is
            never sent to the network.
        revision: branch, tag or commit on the Hub, instead of `@revision`.
        token: for private repositories; by default the one of `hf auth login`.
        cache_dir: where downloads are kept.
        local_files_only: never use the network.
        detail: of a GAN-trained model: 1 for all that it adds, 0 for the model that its training began with, which is
            the more accurate one, or what lies between.

    Raises:
        InputError: no such model, one that cannot be loaded whole, or a detail for one that has no say in it.
    """
    download: dict[str, Any] = {"token": token, "cache_dir": cache_dir, "local_files_only": local_files_only}
    model = _load(name, revision, download)
    if detail is not None:
        base = model.config.base_model
        if not base or isinstance(model, MISR):
            raise InputError(f"{model.name} knows no detail, as only GAN-trained models do, such as {DETAIL_MODEL}.")
        accurate = _load(base, None, download)
        assert isinstance(accurate, SISR)
        set_detail(model, accurate, detail)
    return model


def named_model(model: str | Path | SISR | MISR, detail: float | None = None) -> SISR | MISR:
    """A model as it is, or the one of that name; `detail` goes with a name only.

    Raises:
        InputError: as `load_model`, or a detail for a model that is there already.
    """
    if isinstance(model, str | Path):
        return load_model(model, detail=detail)
    if detail is not None:
        raise InputError("A detail goes with a model's name. Load the model with it: load_model(name, detail=...).")
    return model


def sisr_model(model: str | Path | SISR | MISR, detail: float | None = None) -> SISR:
    """The same, of one image.

    Raises:
        InputError: as `named_model`, or a model of several revisits.
    """
    model = named_model(model, detail)
    if isinstance(model, MISR):
        raise InputError(f"{model.name} is for several images of one place; expected a model of one: rs-srgan models.")
    return model


def _load(name: str | Path, revision: str | None, download: dict[str, Any]) -> SISR | MISR:
    """Of the class that its configuration names."""
    source, revision = find_source(name, revision)
    config = fetch(source, CONFIG_FILE, revision=revision, **download)
    if not isinstance(source, Path):
        revision = commit_of(config)  # should somebody push in between
    kind = MISR if read_config(config)["model_class"] == MISR.__name__ else SISR
    model = kind.from_pretrained(source, revision=revision, **download)
    return model
