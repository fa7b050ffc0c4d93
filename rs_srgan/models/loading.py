"""Loading: any model by its name, folder or Hub id."""

from pathlib import Path
from typing import Literal, TypedDict, Unpack, overload

import torch

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
    force_download: bool
    local_files_only: bool


class _Weights(TypedDict, total=False):
    """Where the weights go, see `load_model`."""

    map_location: str | torch.device | None
    device: str | torch.device | None
    torch_dtype: torch.dtype | Literal["auto"] | None
    strict: bool


class LoadOptions(_Download, _Weights, total=False):
    """Options of `load_model`, which documents them."""

    revision: str | None
    detail: float | None


# The bundled models by their class, for type checkers. A test compares them with the catalogue.
SingleImageName = Literal[
    "glp",
    "sisr-x2-20m",
    "sisr-x2-rgbn",
    "sisr-x4-rgbn",
    "sisr-x4-rgbn-fine",
    "sisr-x8-rgbn",
    "srgan-x4-rgbn",
    "srresnet-srgan-x4-rgb",
]
RevisitsName = Literal["misr-x2-rgbn", "misr-x4-rgbn"]


@overload
def load_model(name: SingleImageName, **options: Unpack[LoadOptions]) -> SISR: ...


@overload
def load_model(name: RevisitsName, **options: Unpack[LoadOptions]) -> MISR: ...


@overload
def load_model(name: str | Path, **options: Unpack[LoadOptions]) -> SISR | MISR: ...


def load_model(
    name: str | Path,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_dir: str | Path | None = None,
    force_download: bool = False,
    local_files_only: bool = False,
    map_location: str | torch.device | None = None,
    device: str | torch.device | None = None,
    torch_dtype: torch.dtype | Literal["auto"] | None = None,
    strict: bool = True,
    detail: float | None = None,
) -> SISR | MISR:
    """Load a trained model in evaluation mode: a `SISR` for one image, or a `MISR` for several revisits.

    Type checkers know the class for names of bundled models. For others, `SISR.from_pretrained` and
    `MISR.from_pretrained` state it.

    Args:
        name: a `Path` is a folder that `save_pretrained` wrote. A string is such a folder, the name of a bundled model
            (`rs_srgan.list_models()`), or a Hub id `organisation/name`, with `@revision` if it is not the newest,
            tried in this order; a name that looks like a path is never sent to the network. For folders of older
            versions, see `rs_srgan.models.config_file`.
        revision: branch, tag or commit on the Hub, instead of `@revision`.
        token: token for private repositories; None: the one of `hf auth login`.
        cache_dir: folder for downloads; None: the Hub's own cache.
        force_download: download also files that the cache holds.
        local_files_only: never use the network.
        map_location: another name of `device`.
        device: where the model goes; None: the CPU.
        torch_dtype: number format of the network's weights; None: float32; "auto": the format of the file.
        strict: False to load what fits, and to log a warning of tensors that are missing or unexpected.
        detail: for a GAN-trained model: 1 for all the detail that it adds, 0 for the more accurate model that its
            training began with, or a number between.

    Raises:
        InputError: there is no such model, it cannot be loaded completely, or it takes no detail.
    """
    download = _Download(
        token=token, cache_dir=cache_dir, force_download=force_download, local_files_only=local_files_only
    )
    weights = _Weights(map_location=map_location, device=device, torch_dtype=torch_dtype, strict=strict)
    model = _load(name, revision, download, weights)
    if detail is None:
        return model
    base = model.config.base_model
    accurate = _load(base, None, download, weights) if base else None
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
    if not isinstance(model, SISR | MISR):
        return load_model(model, detail=detail)  # says what a name is
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


def _load(name: str | Path, revision: str | None, download: _Download, weights: _Weights) -> SISR | MISR:
    source, revision = find_source(name, revision)
    config = fetch(source, CONFIG_FILE, revision=revision, **download)
    if not isinstance(source, Path):
        revision = commit_of(config)  # the weights come from this commit, also if somebody pushes in between
    return find_model_class(config).from_pretrained(source, revision=revision, **download, **weights)
