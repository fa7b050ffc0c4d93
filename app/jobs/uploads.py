"""Files that visitors upload: moved from Gradio's upload folder, which all visitors share, into the folder of a job."""

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

from rs_srgan import InputError
from rs_srgan.reading.formats import NPY_START, find_driver, is_zip
from rs_srgan.reading.gdal import start_of

CLEARED = "This image has been removed from the server. Upload it again."


def keep(upload: Path, target: Path) -> Path:
    """Keep an uploaded image under another name, where Gradio does not delete it; return that name.

    Raises:
        InputError: the content is no image, whatever the name says, or the upload has been removed.
    """
    try:
        link(upload, target)
    except OSError:
        raise InputError(CLEARED) from None
    check_image(target, upload.name)
    return target


def check_image(path: Path, name: str) -> None:
    """Check by its first bytes that a file is an image: products and archives have their own way in.

    Args:
        path: path of the file.
        name: the visitor's name of the file, for the error message.

    Raises:
        InputError: the file is of no format that images have.
    """
    start = start_of(path)
    if is_zip(start):
        raise InputError(f"{name} is an archive; expected an image. Upload a zipped product in the tab for tiles.")
    if not start.startswith(NPY_START):
        find_driver(name, start, start)


def link(upload: Path, target: Path) -> None:
    """Make a hard link to a file, or a copy where the file system has no links.

    Raises:
        OSError: the file does not exist, or the disk is full.
    """
    try:
        os.link(upload, target)
    except OSError:
        shutil.copyfile(upload, target)


def clear_uploads(folder: Path, keep: float) -> None:
    """Remove what has been in Gradio's upload folder for more than `keep` seconds, and empty folders as old.

    Gradio itself removes complete uploads only. Uploads that broke off and all folders would stay.
    """
    oldest = time.time() - keep
    for root, folders, files in os.walk(folder, topdown=False):
        for name in (*files, *folders):
            path = Path(root, name)
            with suppress(OSError):  # Gradio removed it, or the folder is not empty
                status = path.lstat()
                if max(status.st_mtime, status.st_ctime) < oldest:
                    path.rmdir() if name in folders else path.unlink()
