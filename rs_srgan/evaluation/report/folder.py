"""The folder of a report: report.json, report.md, curves.png and pictures/."""

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from rs_srgan.errors import InputError
from rs_srgan.evaluation.report.markdown import page
from rs_srgan.evaluation.report.report import Report

_JSON, _MARKDOWN, _CURVES, _PICTURES = "report.json", "report.md", "curves.png", "pictures"
_OWN = {_JSON, _MARKDOWN, _CURVES, _PICTURES}


def save_report(report: Report, folder: str | Path, overwrite: bool = False) -> Path:
    """Write report.json, report.md and, if the report has pictures, curves.png and pictures/*.png.

    Args:
        report: the report.
        folder: the folder to write; it may exist if it is empty.
        overwrite: replace an earlier report in the folder.

    Returns:
        path of report.md.

    Raises:
        InputError: the folder cannot be used, see `check_folder`.
    """
    folder = check_folder(folder, overwrite)
    folder.mkdir(exist_ok=True)
    for earlier in (folder / _JSON, folder / _MARKDOWN, folder / _CURVES, *(folder / _PICTURES).glob("[0-9]*.png")):
        earlier.unlink(missing_ok=True)
    links: list[tuple[str, str]] = []
    if report.pictures:
        from rs_srgan.evaluation.report.pictures import curves, draw  # needs an extra

        curves(report.mean, report.scale, report.protocol).savefig(folder / _CURVES, dpi=110)
        links.append(("Power and ring correlation by frequency", _CURVES))
        (folder / _PICTURES).mkdir(exist_ok=True)
        for index, picture in enumerate(report.pictures, start=1):
            name = re.sub(r"[^\w.-]+", "_", f"{picture.role} {picture.scored.case.name}").strip("_")
            file = f"{_PICTURES}/{index:02}_{name}.png"
            draw(picture, report.bands, report.scale).savefig(folder / file, dpi=110)
            links.append((f"{picture.role}: {picture.scored.case.name}", file))
    (folder / _JSON).write_text(json.dumps(report.to_json(), indent=1) + "\n", encoding="utf-8")
    (folder / _MARKDOWN).write_text(page(report, links), encoding="utf-8")
    return folder / _MARKDOWN


def check_folder(folder: str | Path, overwrite: bool) -> Path:
    """Check that a report can be written to a folder, before any work is done.

    Args:
        folder: the folder; it need not exist.
        overwrite: accept a folder that holds a report.

    Returns:
        absolute path of the folder.

    Raises:
        InputError: the folder is a file, holds a report or other files, or cannot be written to.
    """
    folder = Path(folder).absolute()
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; expected a folder for the report.")
    if not folder.parent.is_dir():
        raise InputError(f"The folder {folder.parent} does not exist. Create it first.")
    held = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if held - _OWN:
        raise InputError(f"{folder} holds other files ({', '.join(sorted(held - _OWN)[:3])}). Choose another folder.")
    if held and not overwrite:
        raise InputError(
            f"{folder} holds a report. Choose another folder, or overwrite the report: overwrite=True, --overwrite."
        )
    try:
        with TemporaryDirectory(dir=folder if folder.is_dir() else folder.parent):
            pass
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be written to ({error.strerror}).") from None
    return folder
