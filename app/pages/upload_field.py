"""A field for uploads, and the check that a request names no other file of the server.

Both checks set attributes of Gradio, public by name, for which it offers neither an option nor a base class: a subclass
of `gr.File` would make Gradio write a .pyi file beside its source.
"""

from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import gradio as gr
from gradio.utils import get_upload_folder

# Gradio's address of uploaded files.
_FILE_ROUTE = "/gradio_api/file"


def upload_field(
    label: str,
    file_types: list[str] | None = None,
    file_count: Literal["single", "multiple"] = "single",
    elem_id: str | None = None,
    height: int | None = None,
) -> gr.File:
    """Return a field that takes uploads only; see `gr.File` for the arguments.

    Without this, Gradio would download an address that a request names instead of a file. Tools of language models can
    name addresses only, so that the address of an earlier upload to this server is accepted.
    """
    field = gr.File(label=label, file_types=file_types, file_count=file_count, elem_id=elem_id, height=height)
    take_file = field.async_move_resource_to_block_cache

    async def take_upload(path: str | Path | None) -> str | None:
        if "://" in str(path):
            path = _earlier_upload(str(path))
        if path is not None and not Path(path).is_file():  # Gradio's cleaner fails at a folder, and ends
            raise gr.Error("The upload is not a file, or was removed. Upload it again.", print_exception=False)
        return await take_file(path)

    field.async_move_resource_to_block_cache = take_upload  # type: ignore[assignment]  # see above
    return field


def accept_uploads_only(page: gr.Blocks) -> None:
    """Make Gradio refuse files that nobody uploaded. By default it checks launched pages only, not mounted ones."""
    page.has_launched = True


def _earlier_upload(address: str) -> str:
    """Return the path of an uploaded file from its address on this server; nothing is downloaded.

    Raises:
        gr.Error: it is any other address.
    """
    folder = Path(get_upload_folder()).resolve()
    path = Path(unquote(urlsplit(address).path.partition(f"{_FILE_ROUTE}=")[2]))
    try:
        file = path.resolve(strict=True)
    except (OSError, ValueError):  # the file does not exist, or the name is not valid
        file = folder
    if not (path.is_absolute() and file.is_file() and file.is_relative_to(folder)):
        raise gr.Error("Addresses are not accepted. Upload the file.", print_exception=False)
    return str(file)
