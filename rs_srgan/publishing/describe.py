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
from rs_srgan.publishing.card import CARD_FILE, PICTURES_FOLDER, write_card
from rs_srgan.publishing.metrics_file import gather
from rs_srgan.writing.guard import require_unread

logger = logging.getLogger(__name__)


def describe(
    folder: str | Path, *, reports: Sequence[str | Path] = (), name: str | None = None, pictures: bool = True
) -> Path:
    """Write metrics.json, pictures/ and README.md of a model, and about.toml to be filled in if there is none.

    Sections of README.md that people wrote or edited stay.

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
    if found:
        write_metrics(gather(found, fingerprint), folder / METRICS_FILE)
        take_pictures(folders if pictures else [], folder)
    if name and not known:
        (folder / ABOUT_FILE).write_text(format_about(About(name=name)), encoding="utf-8")
        logger.info("Fill in %s, then write the card again.", folder / ABOUT_FILE)
    if not read_about(folder).license:
        logger.warning(
            "The card names no licence, so nobody may use the model. Add the licence to %s.", folder / ABOUT_FILE
        )
    return write_card(folder)


def _pictures_of(report: Path) -> list[Path]:
    return sorted([*report.glob("curves.png"), *report.glob("pictures/*.png")])


def take_pictures(reports: list[Path], folder: Path) -> None:
    """Replace the pictures in a model's folder by those of reports.

    Args:
        reports: folders of reports.
        folder: the model's folder.
    """
    target = folder / PICTURES_FOLDER
    shutil.rmtree(target, ignore_errors=True)
    for report in reports:
        for picture in _pictures_of(report):
            target.mkdir(exist_ok=True)
            shutil.copyfile(picture, target / re.sub(r"[^\w.-]+", "_", f"{report.absolute().name}_{picture.name}"))
