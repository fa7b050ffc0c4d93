"""The files of a model's folder that go to the Hub, checked before they go."""

from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.figures.metrics import METRICS_FILE, read_metrics
from rs_srgan.hub.files import CONFIG_FILE, PICKLE_SUFFIXES, WEIGHTS_FILE
from rs_srgan.hub.names import is_local
from rs_srgan.models import SISRConfig
from rs_srgan.models.loading import load_model
from rs_srgan.publishing.about import ABOUT_FILE, read_about
from rs_srgan.publishing.card import CARD_FILE, PICTURES_FOLDER, read_card, render
from rs_srgan.publishing.card_parts import merged
from rs_srgan.publishing.training_file import TRAINING_FILE

_PARTS = {CONFIG_FILE, WEIGHTS_FILE, CARD_FILE, METRICS_FILE, TRAINING_FILE, ABOUT_FILE, "LICENSE"}
# The first bytes of pictures, by suffix: a name alone does not make a picture.
_PICTURES = {".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff"}


def contents(folder: Path, repo: str, force: bool = False) -> dict[str, Path]:
    """Return the files to push, by their path in the repository.

    The model is loaded once, strictly, so that a model which others could not load is not pushed. Hidden files are left
    out.

    Args:
        folder: the model's folder.
        repo: the repository to push to, `organisation/name`.
        force: do not check the card and the figures: they may be missing, or of another model.

    Raises:
        InputError: the folder does not exist or has no model, it holds pickles or files that are not part of a model,
            or, without `force`, its card or its figures are missing or of another model.
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
                f"{WEIGHTS_FILE} is enough."
            )
        if name not in _PARTS and not _is_picture(name, path):
            raise InputError(
                f"{folder} holds {name}, which is not part of a model ({', '.join(sorted(_PARTS))}, "
                f"{PICTURES_FOLDER}/*.png). Move it elsewhere."
            )
    model = load_model(folder.resolve())  # the whole path: a bundled model may have the same name
    check_base(model.config, str(folder / CONFIG_FILE), "write its id there")
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


def check_base(config: SISRConfig, source: str, naming: str) -> None:
    """Check that others can load the model that a GAN's training began with, which `detail` needs.

    Args:
        config: configuration of the model to push.
        source: what names `base_model`, for the message.
        naming: how to write another name, for the message.

    Raises:
        InputError: `base_model` is a folder.
    """
    if config.base_model and is_local(config.base_model):
        raise InputError(
            f"{source} names base_model {config.base_model!r}, a folder that nobody else has. Push that model first "
            f'and {naming}, or "" if amounts of detail between the two models are not needed.'
        )


def _check_metrics(path: Path | None, folder: Path, fingerprint: str) -> None:
    remedy = f"Evaluate it and write its card: rs-srgan card {folder} --report REPORT. Or push with --force."
    if path is None:
        raise InputError(f"{folder} has no {METRICS_FILE}: nobody would know how good the model is. {remedy}")
    metrics = read_metrics(path)
    if metrics.fingerprint != fingerprint:
        raise InputError(f"The figures in {path} are those of other weights or another configuration. {remedy}")
    if not metrics.groups and not metrics.tracks:
        raise InputError(f"{path} holds no figures: nobody would know how good the model is. {remedy}")


def _check_card(path: Path | None, folder: Path, repo: str) -> None:
    remedy = f"Write it: rs-srgan card {folder} --name {repo}. Or push with --force."
    if path is None:
        raise InputError(f"{folder} has no {CARD_FILE}, the model's card. {remedy}")
    name = read_about(folder).name or folder.resolve().name
    if name not in (repo, repo.split("/")[1]):
        raise InputError(f"{path} is the card of {name}, not of {repo}. Change the name in {ABOUT_FILE}. {remedy}")
    card = read_card(path)
    if merged(card, render(folder)) != card.replace("\r\n", "\n"):
        raise InputError(
            f"{path} differs from the card that `rs-srgan card` writes for this folder: it is of another model, or the "
            f"folder changed since. Sections that you wrote or edited stay. {remedy}"
        )
