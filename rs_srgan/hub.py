"""Finding models: bundled ones by name, folders, and the Hugging Face Hub."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rs_srgan.card_tracks import VIEWS
from rs_srgan.download import CONFIG_FILE, WEIGHTS_FILE, commit_of, fetch
from rs_srgan.errors import InputError
from rs_srgan.models import MISR, SISR, MISRConfig, SISRConfig
from rs_srgan.models.checkpoint import read_config
from rs_srgan.models.detail import set_detail

METRICS_FILE = "metrics.json"
# For Sentinel-2's bands of either pixel size.
DEFAULT_MODELS = {"10m": "sisr-x4-rgbn", "20m": "sisr-x2-20m"}
DEFAULT_MODEL = DEFAULT_MODELS["10m"]
# For several images of one place.
REVISITS_MODEL = "misr-x4-rgbn"
# For those who ask for detail and name no model.
DETAIL_MODEL = "srgan-x4-rgbn"

# Hub ids as the Hub itself allows them.
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")


def bundle() -> Path:
    """hub_cards: inside the package in an installed wheel, beside it in a checkout."""
    here = Path(__file__).parent
    return here / "hub_cards" if (here / "hub_cards").is_dir() else here.parent / "hub_cards"


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
    for name in _bundled_names():
        folder = bundle() / name
        metrics = json.loads(fetch(folder, METRICS_FILE).read_text(encoding="utf-8"))
        models[name] = BundledModel(name, folder, read_model_config(folder), metrics)
    return models


def read_model_config(folder: Path) -> SISRConfig:
    """What the model in a folder is built from.

    Raises:
        InputError: no config.json, or one that does not hold.
    """
    content = read_config(fetch(folder, CONFIG_FILE))
    fields = {key: value for key, value in content.items() if key not in ("model_class", "format_version")}
    kind = MISRConfig if content["model_class"] == "MISR" else SISRConfig
    return kind.from_dict(fields)


def _bundled_names() -> list[str]:
    folders = sorted(bundle().iterdir()) if bundle().is_dir() else []
    return [folder.name for folder in folders if (folder / WEIGHTS_FILE).is_file()]


def is_local(name: str) -> bool:
    """Whether a model's name says something on this machine only: neither a bundled one, nor a Hub id."""
    return name not in _bundled_names() and (not _HUB_ID.fullmatch(name) or Path(Path(name).parts[0]).is_dir())


def _names() -> str:
    return ", ".join(_bundled_names()) or "none bundled"


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
    model = _load(_at_revision(name, revision), download)
    if detail is not None:
        base = model.config.base_model
        if not base or isinstance(model, MISR):
            raise InputError(f"{model.name} knows no detail, as only GAN-trained models do, such as {DETAIL_MODEL}.")
        accurate = _load(base, download)
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


def _at_revision(name: str | Path, revision: str | None) -> str | Path:
    if revision is None:
        return name
    if "@" in str(name) or str(name) in _bundled_names() or Path(name).is_dir():
        raise InputError(f"{name} with revision {revision!r}: only Hub ids have revisions, and one. Leave it out.")
    return f"{name}@{revision}"


def _load(name: str | Path, download: dict[str, Any]) -> SISR | MISR:
    source, revision = str(name), None
    if not source.strip():
        raise InputError(f"The model's name is empty; expected one of {_names()}, a folder, or a Hub id.")
    if source in _bundled_names():
        return _pretrained(bundle() / source)
    if not Path(source).is_dir():
        if source in (*DEFAULT_MODELS.values(), DETAIL_MODEL, REVISITS_MODEL):
            raise InputError(f"{source} is not bundled with this version. Give another model (--model).")
        # "runs/final" in a folder that has "runs" is a path with a slip of the pen
        if isinstance(name, Path) or is_local(source):
            raise InputError(
                f"No model {source!r}: expected one of {_names()}, an existing folder, or a Hub id organisation/name."
            )
        source, _, revision = source.partition("@")
        revision = revision or None
    return _pretrained(source, revision=revision, **download)


def _pretrained(source: str | Path, **download: Any) -> SISR | MISR:  # noqa: ANN401
    """Of the class that its configuration names."""
    config = fetch(source, CONFIG_FILE, **download)
    if not Path(source).is_dir():
        download["revision"] = commit_of(config)  # should somebody push in between
    kind = read_config(config)["model_class"]
    return (MISR if kind == MISR.__name__ else SISR).from_pretrained(source, **download)
