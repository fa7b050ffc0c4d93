"""The folder of a report: report.json, report.md, curves.png and pictures/."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rs_srgan.errors import InputError
from rs_srgan.evaluation.report.markdown import page
from rs_srgan.evaluation.report.report import Report
from rs_srgan.whole_files import PREFIX, whole_files
from rs_srgan.writing.guard import require_unread

_JSON, _MARKDOWN, _CURVES, _PICTURES = "report.json", "report.md", "curves.png", "pictures"
_OWN = {_JSON, _MARKDOWN, _CURVES, _PICTURES}
# A link of report.md to one of its pictures.
_LINKED = re.compile(rf"\]\({_PICTURES}/([^)/]+)\)")


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
    earlier = set(_files_of_report(folder))
    with whole_files(folder) as fresh:
        _write(report, fresh)
        written = {folder / file.relative_to(fresh) for file in fresh.rglob("*") if file.is_file()}
    for file in earlier - written:
        file.unlink()
    return folder / _MARKDOWN


def _files_of_report(folder: Path) -> list[Path]:
    """Return the files of the report that a folder holds."""
    page = folder / _MARKDOWN
    pictures = _LINKED.findall(page.read_text(encoding="utf-8", errors="replace")) if page.is_file() else []
    own = [folder / _JSON, page, folder / _CURVES, *(folder / _PICTURES / name for name in pictures)]
    return [path for path in own if path.is_file() or path.is_symlink()]


def _write(report: Report, folder: Path) -> None:
    """Write all files of a report into an empty folder."""
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


def check_folder(folder: str | Path, overwrite: bool, read: Sequence[str | Path] = ()) -> Path:
    """Check that a report can be written to a folder, before any work is done.

    Args:
        folder: the folder; it need not exist.
        overwrite: accept a folder that holds a report.
        read: paths that the evaluation reads, none of which the report may replace; see `require_unread`.

    Returns:
        absolute path of the folder.

    Raises:
        InputError: the folder is a file, holds a report, other files or an input, or cannot be written to.
    """
    folder = Path(folder).absolute()
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; expected a folder for the report.")
    if not folder.parent.is_dir():
        raise InputError(f"The folder {folder.parent} does not exist. Create it first.")
    held = {path.name for path in folder.iterdir() if not path.name.startswith(PREFIX)} if folder.is_dir() else set()
    if held - _OWN:
        raise InputError(f"{folder} holds other files ({', '.join(sorted(held - _OWN)[:3])}). Choose another folder.")
    own = _files_of_report(folder)
    require_unread(own, read)
    strange = sorted({path.name for path in (folder / _PICTURES).glob("*")} - {path.name for path in own})
    if held and (strange or not (folder / _JSON).is_file()):
        named = strange or sorted(held)
        raise InputError(f"{folder} holds files that no report wrote ({', '.join(named[:3])}). Choose another folder.")
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
