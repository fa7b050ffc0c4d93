"""Names of models: a folder, a bundled model, or a repository of the Hugging Face Hub, tried in that order."""

import logging
import re
from pathlib import Path

from rs_srgan.errors import InputError, shown
from rs_srgan.hub.files import CONFIG_FILE, WEIGHTS_FILE

# Default models for the 10 m and for the 20 m bands of Sentinel-2.
DEFAULT_MODELS = {"10m": "sisr-x4-rgbn", "20m": "sisr-x2-20m"}
DEFAULT_MODEL = DEFAULT_MODELS["10m"]
# Default model for several images of one place.
REVISITS_MODEL = "misr-x4-rgbn"
# Default model if detail is given.
DETAIL_MODEL = "srgan-x4-rgbn"

# Hub ids that the Hub allows, with an optional revision.
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(@[\w./-]+)?")

logger = logging.getLogger(__name__)


def bundle() -> Path:
    """Return the folder hub_cards: inside the package in an installed wheel, beside it in a checkout."""
    here = Path(__file__).parent.parent
    return here / "hub_cards" if (here / "hub_cards").is_dir() else here.parent / "hub_cards"


def bundled_names() -> list[str]:
    """Return the names of the models that come with the package."""
    folders = sorted(bundle().iterdir()) if bundle().is_dir() else []
    return [folder.name for folder in folders if (folder / WEIGHTS_FILE).is_file()]


def is_local(name: str) -> bool:
    """Return whether a name is neither that of a bundled model nor a Hub id, and so means a folder."""
    return name not in bundled_names() and (not _HUB_ID.fullmatch(name) or Path(Path(name).parts[0]).is_dir())


def local_files(name: str | Path) -> list[Path]:
    """Return the files of a bundled model or of a model's folder; none of them exists for a Hub id."""
    folder = bundle() / name if _is_bundled(name) else Path(name)
    return [folder / CONFIG_FILE, folder / WEIGHTS_FILE]


def find_source(name: str | Path, revision: str | None = None) -> tuple[str | Path, str | None]:
    """Return where a model is: a folder and None, or a Hub id and its revision.

    A `Path` is always a folder. A string that names a folder with config.json is that folder, also if a bundled model
    or a repository has the same name; a warning says so.

    Args:
        name: name of a bundled model, folder, or Hub id with an optional `@revision`. A name that looks like a path is
            never taken for a Hub id.
        revision: branch, tag or commit on the Hub; None: the newest, or the one in `name`.

    Raises:
        InputError: `name` is none of these, or a revision is given for something other than a Hub id.
    """
    if not isinstance(name, str | Path):
        raise InputError(f"The model is {shown(name)}; expected a name, a folder, or a Hub id organisation/name.")
    if revision is not None and not isinstance(revision, str):
        raise InputError(f"The revision is {shown(revision)}; expected the name of a branch or tag, or a commit.")
    text, known = str(name), ", ".join(bundled_names()) or "none bundled"
    if not text.strip():
        raise InputError(f"The model's name is empty; expected one of {known}, a folder, or a Hub id.")
    folder = Path(name)
    bundled, repository = _is_bundled(name), isinstance(name, str) and _HUB_ID.fullmatch(text) is not None
    if revision is not None and (bundled or "@" in text or folder.is_dir() or not revision):
        raise InputError(f"{name} with revision {revision!r}: only Hub ids have revisions, and only one. Leave it out.")
    if bundled:
        return bundle() / text, None
    if folder.is_dir():
        other = "the bundled model" if text in bundled_names() else "the model on the Hub"
        if repository and not (folder / CONFIG_FILE).is_file():
            raise InputError(
                f"{text} is a folder here without {CONFIG_FILE}, and it hides {other} of that name. Rename the folder, "
                "or start from another folder."
            )
        if isinstance(name, str) and (repository or text in bundled_names()):
            logger.warning("%s is a folder here; it is loaded instead of %s of that name.", text, other)
        return folder, None
    if isinstance(name, Path) and text in bundled_names():
        raise InputError(
            f"There is no folder {text!r}. To load the bundled model, give its name as a string: {text!r}."
        )
    if text in (*DEFAULT_MODELS.values(), DETAIL_MODEL, REVISITS_MODEL):
        raise InputError(
            f"{text} is not bundled with this version. Give another model (--model); rs-srgan models lists them."
        )
    # "runs/final" in a folder that has "runs" is a mistyped path, not a Hub id.
    if isinstance(name, Path) or is_local(text):
        raise InputError(
            f"No model {text!r}: expected one of {known}, an existing folder, or a Hub id organisation/name."
        )
    repo, _, after = text.partition("@")
    return repo, revision or after or None


def _is_bundled(name: str | Path) -> bool:
    """Return whether a name means a bundled model: a string, and no model's folder here has that name."""
    return isinstance(name, str) and name in bundled_names() and not (Path(name) / CONFIG_FILE).is_file()
