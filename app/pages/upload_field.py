"""A field for files that visitors upload."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import gradio as gr
from gradio.utils import get_upload_folder

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
