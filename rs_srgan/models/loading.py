"""The catalogue of bundled models, and loading any model."""

from pathlib import Path
from typing import Any

from rs_srgan.errors import InputError
from rs_srgan.hub.download import CONFIG_FILE, commit_of, fetch
from rs_srgan.hub.names import DETAIL_MODEL, find_source
from rs_srgan.models import MISR, SISR
from rs_srgan.models.checkpoint import read_config
from rs_srgan.models.detail import set_detail


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
