"""Loading: any model by its name, folder or Hub id."""

from pathlib import Path
from typing import TypedDict

from rs_srgan.errors import InputError
from rs_srgan.hub.download import commit_of, fetch
from rs_srgan.hub.files import CONFIG_FILE
from rs_srgan.hub.names import DETAIL_MODEL, find_source
from rs_srgan.models.classes import find_model_class
from rs_srgan.models.detail import set_detail
from rs_srgan.models.misr import MISR
from rs_srgan.models.sisr import SISR


class _Download(TypedDict, total=False):
    """How to download, see `load_model`."""

    token: str | bool | None
    cache_dir: str | Path | None
    local_files_only: bool


def load_model(
    name: str | Path,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_dir: str | Path | None = None,
    local_files_only: bool = False,
    detail: float | None = None,
) -> SISR | MISR:
    """Load a trained model in evaluation mode: a `SISR` for one image, or a `MISR` for several revisits.

    Args:
        name: name of a bundled model (`rs-srgan models`), folder that `save_pretrained` wrote, or Hub id
            `organisation/name`, with `@revision` if it is not the newest. They are tried in this order; a name that
            looks like a path is never sent to the network. For folders of older versions, see
            `rs_srgan.models.config_file`.
        revision: branch, tag or commit on the Hub, instead of `@revision`.
        token: token for private repositories; None: the one of `hf auth login`.
        cache_dir: folder for downloads; None: the Hub's own cache.
        local_files_only: never use the network.
        detail: for a GAN-trained model: 1 for all the detail that it adds, 0 for the more accurate model that its
            training began with, or a number between.

    Raises:
        InputError: there is no such model, it cannot be loaded completely, or it takes no detail.
    """
    download = _Download(token=token, cache_dir=cache_dir, local_files_only=local_files_only)
    model = _load(name, revision, download)
    if detail is None:
        return model
    base = model.config.base_model
    accurate = _load(base, None, download) if base else None
    if not isinstance(model, SISR) or not isinstance(accurate, SISR):
        raise InputError(
            f"{model.name} takes no detail; expected a GAN-trained model, for example {DETAIL_MODEL}. "
            "Leave detail out, or give such a model."
        )
    set_detail(model, accurate, detail)
    return model


def named_model(model: str | Path | SISR | MISR, detail: float | None = None) -> SISR | MISR:
    """Return a model as it is, or load the one with that name.

    Args:
        model: a model, or a name that `load_model` takes.
        detail: see `load_model`; only together with a name.

    Raises:
        InputError: see `load_model`; or a detail is given for a loaded model.
    """
    if isinstance(model, str | Path):
        return load_model(model, detail=detail)
    if detail is not None:
        raise InputError("A detail goes with a model's name. Load the model with it: load_model(name, detail=...).")
    return model


def sisr_model(model: str | Path | SISR | MISR, detail: float | None = None) -> SISR:
    """Return a model for one image, see `named_model`.

    Raises:
        InputError: see `named_model`; or the model is for several revisits.
    """
    model = named_model(model, detail)
    if not isinstance(model, SISR):
        raise InputError(
            f"{model.name} is for several images of one place; expected a model for one image: rs-srgan models."
        )
    return model


def _load(name: str | Path, revision: str | None, download: _Download) -> SISR | MISR:
    source, revision = find_source(name, revision)
    config = fetch(source, CONFIG_FILE, revision=revision, **download)
    if not isinstance(source, Path):
        revision = commit_of(config)  # the weights come from this commit, also if somebody pushes in between
    return find_model_class(config).from_pretrained(source, revision=revision, **download)
