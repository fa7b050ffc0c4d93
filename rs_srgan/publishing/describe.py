"""What people read about a model on the Hub: its figures, pictures and card, written into its folder."""

import json
import logging
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.models.catalogue import METRICS_FILE
from rs_srgan.models.loading import load_model
from rs_srgan.publishing.card import ABOUT_FILE, PICTURES_FOLDER, about, write_card
from rs_srgan.publishing.metrics_file import gather

logger = logging.getLogger(__name__)

_ABOUT = """\
# What the card says beside what is measured. Say it here, then write the card anew: rs-srgan card FOLDER
name = {name}  # on the Hub
license = ""  # of the weights, by the names of https://huggingface.co/docs/hub/repositories-licenses
summary = ""  # what it makes of what, and for whom
training = ""  # how it was trained
data = ""  # on what, and under which licences
limits = ""  # where it is wrong
"""


def describe(
    folder: str | Path, *, reports: Sequence[str | Path] = (), name: str | None = None, pictures: bool = True
) -> Path:
    """Write metrics.json, pictures/ and README.md of a model; about.toml, where there is none, to be filled in.

    Args:
        folder: of the model.
        reports: folders that `rs-srgan evaluate -o` wrote of it; none leaves figures and pictures as they are.
        name: that it is to have on the Hub, `organisation/name`.
        pictures: also take those of the reports; what they show will be public.

    Returns:
        the card.

    Raises:
        InputError: no model there, reports of another one, or another name than about.toml has.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}; expected that of a model.")
    fingerprint = load_model(folder.resolve()).fingerprint()  # whole, as a bundled model may have its name
    known = about(folder).get("name")
    if name and known and name != known:
        raise InputError(
            f"{folder / ABOUT_FILE} says that the model's name is {known!r}, not {name!r}. Change it there."
        )
    if name and not known and (folder / ABOUT_FILE).exists():
        raise InputError(f"{folder / ABOUT_FILE} says no name. Add the line: name = {json.dumps(name)}")
    found = [Path(report) for report in reports]
    if found:
        metrics = gather(found, fingerprint)
        (folder / METRICS_FILE).write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
        _take_pictures([report if report.is_dir() else report.parent for report in found] if pictures else [], folder)
    if name and not known:
        (folder / ABOUT_FILE).write_text(_ABOUT.format(name=json.dumps(name)), encoding="utf-8")
        logger.info("%s is yours to fill in; then write the card once more.", folder / ABOUT_FILE)
    if not about(folder).get("license"):
        logger.warning("The card names no licence, so nobody may use the model: say it in %s.", folder / ABOUT_FILE)
    return write_card(folder)


def _take_pictures(reports: list[Path], folder: Path) -> None:
    target = folder / PICTURES_FOLDER
    shutil.rmtree(target, ignore_errors=True)
    for report in reports:
        for picture in sorted([*report.glob("curves.png"), *report.glob("pictures/*.png")]):
            target.mkdir(exist_ok=True)
            shutil.copyfile(picture, target / re.sub(r"[^\w.-]+", "_", f"{report.absolute().name}_{picture.name}"))
