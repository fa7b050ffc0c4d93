"""Files that visitors upload: moved from Gradio's upload folder, which all visitors share, into the folder of a job."""

import os
import shutil
from pathlib import Path

from rs_srgan import InputError
from rs_srgan.reading.opening import SUFFIXES

CLEARED = "This image has been removed from the server. Upload it again."


def keep(upload: Path, target: Path) -> Path:
    """Keep an uploaded image under another name, where Gradio does not delete it; return that name.

    Raises:
        InputError: the file name has another suffix than images have, or the upload has been removed.
    """
    check_suffix(upload)
    try:
        link(upload, target)
    except OSError:
        raise InputError(CLEARED) from None
    return target


def check_suffix(upload: Path) -> None:
    """Check the suffix of a file name: a browser's file dialog offers to ignore its filter.

    Raises:
        InputError: the suffix is none of those that images have.
    """
    if upload.suffix.lower() not in SUFFIXES:
        raise InputError(f"{upload.name} has another suffix than images have; expected {', '.join(SUFFIXES)}.")


def link(upload: Path, target: Path) -> None:
    """Make a hard link to a file, or a copy where the file system has no links.

    Raises:
        OSError: the file does not exist, or the disk is full.
    """
    try:
        os.link(upload, target)
    except OSError:
        shutil.copyfile(upload, target)
