"""What of a model's folder goes to the Hub, and whether it may."""

import json
from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.hub.download import CONFIG_FILE, PICKLE_SUFFIXES, WEIGHTS_FILE
from rs_srgan.hub.names import is_local
from rs_srgan.models import SISRConfig
from rs_srgan.models.catalogue import METRICS_FILE
from rs_srgan.models.loading import load_model
from rs_srgan.publishing.card import ABOUT_FILE, CARD_FILE, PICTURES_FOLDER, TRAINING_FILE, about, render

_PARTS = {CONFIG_FILE, WEIGHTS_FILE, CARD_FILE, METRICS_FILE, TRAINING_FILE, ABOUT_FILE, "LICENSE"}
# Pictures by what they begin with, not by what they are called.
_PICTURES = {".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff"}


def contents(folder: Path, repo: str, force: bool = False) -> dict[str, Path]:
    """The files to push, by their path in the repository.

    The model is loaded once, strictly: what others could not load is not sent. Hidden files stay where they are.

    Args:
        folder: of the model.
        repo: where it is to go.
        force: without a card or figures, or with those of another model.

    Raises:
        InputError: no folder with a model, pickles, files that are no part of a model, or, without `force`, no card, no
            metrics, or those of another model.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}; expected one with {CONFIG_FILE} and {WEIGHTS_FILE}.")
    files = {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }
    for name, path in files.items():
        if path.suffix in PICKLE_SUFFIXES:
            raise InputError(
                f"{folder} holds {name}, a pickle, which can run any code when opened. Move it elsewhere: "
                f"{WEIGHTS_FILE} is all that is needed."
            )
        if name not in _PARTS and not _is_picture(name, path):
            raise InputError(
                f"{folder} holds {name}, which is no part of a model ({', '.join(sorted(_PARTS))}, "
                f"{PICTURES_FOLDER}/*.png). Move it elsewhere."
            )
    model = load_model(folder.resolve())  # whole, as a bundled model may have its name
    _check_base(model.config, folder)
    if not force:
        _check_metrics(files.get(METRICS_FILE), folder, model.fingerprint())
        _check_card(files.get(CARD_FILE), folder, repo)
    return files


def _is_picture(name: str, path: Path) -> bool:
    begins = _PICTURES.get(path.suffix)
    if begins is None or not name.startswith(f"{PICTURES_FOLDER}/"):
        return False
    with path.open("rb") as file:
        return file.read(len(begins)) == begins


def _check_base(config: SISRConfig, folder: Path) -> None:
    if config.base_model and is_local(config.base_model):
        raise InputError(
            f"{folder / CONFIG_FILE} names base_model {config.base_model!r}, a folder that nobody else has. Push that "
            'model first and write its id there, or "" if nobody needs the detail between the two.'
        )


def _check_metrics(path: Path | None, folder: Path, fingerprint: str) -> None:
    remedy = f"Evaluate it and write its card: rs-srgan card {folder} --report REPORT. Or push with --force."
    if path is None:
        raise InputError(f"{folder} has no {METRICS_FILE}: nobody would know how good the model is. {remedy}")
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
        measured, figures = metrics["fingerprint"], metrics.get("groups") or metrics.get("tracks")
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} does not say which model its figures are of ({error!r}). {remedy}") from None
    if measured != fingerprint:
        raise InputError(f"The figures in {path} are those of other weights or another configuration. {remedy}")
    if not figures:
        raise InputError(f"{path} holds no figures: nobody would know how good the model is. {remedy}")


def _check_card(path: Path | None, folder: Path, repo: str) -> None:
    remedy = f"Write it: rs-srgan card {folder} --name {repo}. Or push with --force."
    if path is None:
        raise InputError(f"{folder} has no {CARD_FILE}, the model's card. {remedy}")
    name = about(folder).get("name") or folder.resolve().name
    if name not in (repo, repo.split("/")[1]):
        raise InputError(f"{path} is the card of {name}, not of {repo}. Change the name in {ABOUT_FILE}. {remedy}")
    if path.read_text(encoding="utf-8") != render(folder):
        raise InputError(
            f"{path} is not what `rs-srgan card` makes of this folder: it is of another model, or something changed "
            f"since, or was written into it instead of {ABOUT_FILE}. {remedy}"
        )
