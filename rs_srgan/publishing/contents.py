"""What of a model's folder goes to the Hub, and whether it may."""

import json
import re
from pathlib import Path

from huggingface_hub import ModelCard
from yaml import YAMLError

from rs_srgan.card import ABOUT_FILE, CARD_FILE, PICTURES_FOLDER, TRAINING_FILE
from rs_srgan.download import CONFIG_FILE, PICKLE_SUFFIXES, WEIGHTS_FILE
from rs_srgan.errors import InputError
from rs_srgan.hub import METRICS_FILE, load_model

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
    fingerprint = load_model(folder.resolve()).fingerprint()  # whole, as a bundled model may have its name
    if not force:
        _check_metrics(files.get(METRICS_FILE), folder, fingerprint)
        _check_card(files.get(CARD_FILE), folder, repo)
    return files


def _is_picture(name: str, path: Path) -> bool:
    begins = _PICTURES.get(path.suffix)
    if begins is None or not name.startswith(f"{PICTURES_FOLDER}/"):
        return False
    with path.open("rb") as file:
        return file.read(len(begins)) == begins


def _check_metrics(path: Path | None, folder: Path, fingerprint: str) -> None:
    remedy = f"Evaluate it and write its card: rs-srgan card {folder} --report REPORT. Or push with --force."
    if path is None:
        raise InputError(f"{folder} has no {METRICS_FILE}: nobody would know how good the model is. {remedy}")
    try:
        measured = json.loads(path.read_text(encoding="utf-8"))["fingerprint"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} does not say which model its figures are of ({error!r}). {remedy}") from None
    if measured != fingerprint:
        raise InputError(f"The figures in {path} are those of other weights or another configuration. {remedy}")


def _check_card(path: Path | None, folder: Path, repo: str) -> None:
    remedy = f"Write it: rs-srgan card {folder} --name {repo}. Or push with --force."
    if path is None:
        raise InputError(f"{folder} has no {CARD_FILE}, the model's card. {remedy}")
    try:
        card = ModelCard.load(path)
    except (ValueError, TypeError, AttributeError, YAMLError) as error:
        raise InputError(f"The metadata of {path} cannot be read ({str(error).splitlines()[0]}). {remedy}") from None
    if card.data.library_name != "rs_srgan":
        raise InputError(f"{path} does not say `library_name: rs_srgan` in its metadata. {remedy}")
    if not re.search(rf"\b{re.escape(repo.split('/')[1])}\b", card.text):
        raise InputError(f"{path} is the card of another model: {repo} is not named in it. {remedy}")
