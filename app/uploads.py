"""Images that visitors send: taken out of Gradio's folder, which all share, into that of their own job."""

import dataclasses
import os
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import gradio as gr
from gradio.utils import get_upload_folder

from app.jobs import Job, Jobs
from app.request import Request
from rs_srgan import InputError
from rs_srgan.io.opening import SUFFIXES

# Of Gradio's, where files are that were sent.
_FILE_ROUTE = "/gradio_api/file"


def upload_field(label: str, **options: Any) -> gr.File:  # noqa: ANN401
    """A field for a file that a visitor sends, and nothing else: Gradio would also fetch an address that is named.

    Tools of language models can only name addresses; that of a file which was sent here before is such a file.
    """
    field = gr.File(label=label, **options)
    take_in = field.async_move_resource_to_block_cache

    async def take_in_files(path: str | Path | None) -> str | None:
        if "://" in str(path):
            path = _sent_before(str(path))
        taken: str | None = await take_in(path)
        return taken

    # on the field and not in a class: for every class of components Gradio writes a file beside its source
    setattr(field, "async_move_resource_to_block_cache", take_in_files)
    return field


def _sent_before(address: str) -> str:
    """The file of an address of this server's; never anything that is fetched."""
    folder = Path(get_upload_folder()).resolve()
    path = Path(unquote(urlsplit(address).path.partition(f"{_FILE_ROUTE}=")[2]))
    try:
        file = path.resolve(strict=True)
    except (OSError, ValueError):  # there is none, or it cannot be one
        file = folder
    if not (path.is_absolute() and file.is_file() and file.is_relative_to(folder)):
        raise gr.Error("An address is not taken, only a file that is sent.", print_exception=False)
    return str(file)


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
