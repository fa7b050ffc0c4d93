"""Images that visitors send: taken out of Gradio's folder, which all share, into that of their own job."""

import dataclasses
import os
import shutil
from pathlib import Path

from app.jobs.queue import Job, Jobs
from app.jobs.request import Request
from rs_srgan import InputError
from rs_srgan.reading.opening import SUFFIXES

CLEARED = "This image has been cleared away. Upload it again."


def take(jobs: Jobs, upload: Path, request: Request) -> Job:
    """A job for an image that was uploaded.

    Raises:
        InputError: it is gone, of another kind, or cannot be used.
    """
    check_suffix(upload)
    name, folder = jobs.new_folder()
    source = folder / f"upload{upload.suffix.lower()}" if _is_ours(upload.name) else folder / upload.name
    try:
        link(upload, source)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise InputError(CLEARED) from None
    return jobs.submit(dataclasses.replace(request, source=source), upload.name, (name, folder))


def check_suffix(upload: Path) -> None:
    """A browser's file dialog can be talked out of its filter.

    Raises:
        InputError: a kind of file that is not taken.
    """
    if upload.suffix.lower() not in SUFFIXES:
        raise InputError(f"{upload.name} is none of {', '.join(SUFFIXES)}.")


def link(upload: Path, target: Path) -> None:
    """The same file under another name, where nobody else clears it away.

    Raises:
        OSError: it is not there.
    """
    try:
        os.link(upload, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(upload, target)


def _is_ours(name: str) -> bool:
    """Whether a file of that name would be taken for one that the job writes."""
    return name.lower().startswith(("lr.", "mean.", "sr", "uncertainty"))
