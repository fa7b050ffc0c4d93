"""The card of a model, written into its folder together with its figures and pictures."""

import json
import logging
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.figures.metrics import METRICS_FILE, write_metrics
from rs_srgan.models.loading import load_model
from rs_srgan.publishing.about import ABOUT_FILE, About, format_about, read_about
from rs_srgan.publishing.card import CARD_FILE, PICTURES_FOLDER, updated_card
from rs_srgan.publishing.metrics_file import gather
from rs_srgan.whole_files import whole_files
from rs_srgan.writing.guard import require_unread

logger = logging.getLogger(__name__)


def describe(
    folder: str | Path, *, reports: Sequence[str | Path] = (), name: str | None = None, pictures: bool = True
) -> Path:
    """Write metrics.json, pictures/ and README.md of a model, and about.toml to be filled in if there is none.

    Sections of README.md that people wrote or edited stay. After an error all files are as they were.

    Args:
        folder: the model's folder.
        reports: folders of reports about the model that `rs-srgan evaluate -o` wrote; without reports, the figures and
            pictures stay as they are.
        name: the model's name on the Hub, `organisation/name`.
        pictures: also copy the pictures of the reports; they become public when the model is pushed.

    Returns:
        path of the card.

    Raises:
        InputError: the folder has no model, a report is about another model, or about.toml has another name.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}; expected the folder of a model.")
    fingerprint = load_model(folder.resolve()).fingerprint()  # the whole path: a bundled model may have the same name
    known = read_about(folder).name
    if name and known and name != known:
        raise InputError(f"{folder / ABOUT_FILE} has the name {known!r}, not {name!r}. Change it there.")
    if name and not known and (folder / ABOUT_FILE).exists():
        raise InputError(f"{folder / ABOUT_FILE} has no name. Add the line: name = {json.dumps(name)}")
    found = [Path(report) for report in reports]
    folders = [report if report.is_dir() else report.parent for report in found]
    written = [folder / name for name in (METRICS_FILE, CARD_FILE, ABOUT_FILE)]
    read = [report / "report.json" if report.is_dir() else report for report in found]
    read += [picture for report in folders for picture in _pictures_of(report)]
    require_unread([*written, *(folder / PICTURES_FOLDER).glob("*")], read)
    about = read_about(folder)
    if name and not known:
        about = About(name=name)
    if not about.license:
        logger.warning(
            "The card names no licence, so nobody may use the model. Add the licence to %s.", folder / ABOUT_FILE
        )
    with whole_files(folder) as fresh:
        metrics = gather(found, fingerprint) if found else None
        if metrics is not None:
            write_metrics(metrics, fresh / METRICS_FILE)
        taken = take_pictures(folders if pictures else [], fresh) if found else None
        if name and not known:
            (fresh / ABOUT_FILE).write_text(format_about(about), encoding="utf-8")
        card = updated_card(folder, about=about, metrics=metrics, pictures=taken)
        (fresh / CARD_FILE).write_text(card, encoding="utf-8")
        if taken is not None:
            _make_room(folder / PICTURES_FOLDER, taken)
    if name and not known:
        logger.info("Fill in %s, then write the card again.", folder / ABOUT_FILE)
    return folder / CARD_FILE


def _pictures_of(report: Path) -> list[Path]:
    return sorted([*report.glob("curves.png"), *report.glob("pictures/*.png")])


def take_pictures(reports: list[Path], folder: Path) -> list[str]:
    """Copy the pictures of reports into a folder, and return their paths in it.

    Args:
        reports: folders of reports.
        folder: the model's folder, or one whose files become its files.
    """
    taken = []
    for report in reports:
        for picture in _pictures_of(report):
            target = folder / PICTURES_FOLDER / re.sub(r"[^\w.-]+", "_", f"{report.absolute().name}_{picture.name}")
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(picture, target)
            taken.append(f"{PICTURES_FOLDER}/{target.name}")
    return sorted(taken)


def _make_room(pictures: Path, taken: list[str]) -> None:
    """Remove a model's earlier pictures, except those that are about to be replaced; a link itself, not its target."""
    if pictures.is_symlink():
        pictures.unlink()
    kept = {Path(path).name for path in taken}
    for picture in pictures.glob("*"):
        if picture.name not in kept and not picture.is_dir():
            picture.unlink()
    if not kept and pictures.is_dir() and not any(pictures.iterdir()):
        pictures.rmdir()
