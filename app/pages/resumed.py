"""Uploads in parts: one that breaks off goes on where it stopped, also after a reload of the page.

The page sends large files here instead of to Gradio, which forgets a file that does not arrive as a whole. The finished
file lies where Gradio would have put it, so that the rest of the page makes no difference.
"""

import asyncio
import os
import re
import secrets
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter, Query, Request
from gradio.processing_utils import hash_file
from gradio.utils import get_upload_folder
from starlette.requests import ClientDisconnect

from app.errors import Gone
from app.jobs.queue import Jobs
from rs_srgan import InputError

# Uploads that are not finished, of all visitors. A further one takes the place of the one of which least has arrived,
# unless that is younger than this.
MOST_OPEN, YOUNG_SECONDS = 40, 60
# This must stay free on the disk.
_FREE_BYTES = 500_000_000
# What names of files must not hold on some systems, and their longest length; the end tells the format.
_FORBIDDEN, _LONGEST_NAME = re.compile(r'[\x00-\x1f\x7f/\\<>:"|?*]'), 60
GONE = "The server no longer has the beginning of this file. Upload it again."


@dataclass
class Upload:
    """A file that arrives in parts.

    Attributes:
        id: random text. Who knows it can send the next part.
        name: name of the file.
        size: bytes of the whole file.
        file: where it is written.
        path: where it is once it is complete, else None.
        begun: time.monotonic() of its start.
        touched: time.monotonic() of the last part.
        busy: held while a part is written.
    """

    id: str
    name: str
    size: int
    file: Path
    path: Path | None = None
    begun: float = field(default_factory=time.monotonic)
    touched: float = field(default_factory=time.monotonic)
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def received(self) -> int:
        """Bytes that have arrived."""
        return self.size if self.path else self.file.stat().st_size

    def state(self) -> dict[str, int | str | None]:
        """Return what the page must know to go on."""
        return {"id": self.id, "received": self.received, "size": self.size, "path": str(self.path or "") or None}


class Uploads:
    """The uploads in parts of all visitors.

    Args:
        jobs: the queue, which removes old uploads and knows the limits.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._uploads: dict[str, Upload] = {}
        jobs.also_clear.append(self.clear)

    def begin(self, name: str, size: int) -> Upload:
        """Return a new upload.

        Raises:
            InputError: the file is empty or too large, the disk is full, or too many uploads are open.
        """
        name = _FORBIDDEN.sub("", Path(name).name)[-_LONGEST_NAME:]
        most = self._jobs.settings.max_upload
        if not name.strip(". "):
            raise InputError("The file has no name that can be used. Rename it.")
        if not 0 < size <= most:
            raise InputError(f"{name} has {size / 1e6:,.0f} MB; this server takes files up to {most / 1e6:,.0f} MB.")
        self._require_space(size)
        self._require_place()
        key = secrets.token_urlsafe(16)
        folder = Path(get_upload_folder()) / f"part_{key}"
        folder.mkdir(parents=True, mode=0o700)
        upload = Upload(key, name, size, folder / "part")
        upload.file.touch()
        self._uploads[key] = upload
        return upload

    def get(self, key: str) -> Upload:
        """Return an upload by its id.

        Raises:
            Gone: the server does not have it, or no longer has it.
        """
        upload = self._uploads.get(key)
        if upload is None or not (upload.path or upload.file).exists():
            raise Gone(GONE)
        upload.touched = time.monotonic()
        if upload.path:
            os.utime(upload.path)  # the page takes it once more, so that it is kept as long as a new one
        return upload

    async def take(self, key: str, offset: int, request: Request) -> Upload:
        """Append the body of a request. What arrives before the connection breaks is kept.

        Raises:
            Gone: see `get`.
            InputError: the part does not begin where the last one ended, or is too long.
        """
        upload = self.get(key)
        async with upload.busy:
            if upload.path or offset != upload.received:
                return upload  # the answer tells the page where to go on
            self._require_space(upload.size - offset)
            with upload.file.open("ab") as file:
                try:
                    async for data in request.stream():
                        if file.tell() + len(data) > upload.size:
                            raise InputError(f"{upload.name} has more than the {upload.size:,} bytes that it stated.")
                        file.write(data)
                except ClientDisconnect:
                    pass
                except OSError:
                    raise InputError(f"{upload.name} cannot be stored: the disk is full. Try again later.") from None
            if upload.received == upload.size:
                upload.path = await asyncio.to_thread(_finish, upload)
            return upload

    def clear(self, keep: float) -> None:
        """Remove what is left of the uploads that nobody touched for `keep` seconds. Jobs have links of their own."""
        oldest = time.monotonic() - keep
        for upload in list(self._uploads.values()):
            if upload.touched < oldest and not upload.busy.locked():
                self._remove(upload)

    def _remove(self, upload: Upload) -> None:
        self._uploads.pop(upload.id, None)  # another thread may have removed it
        shutil.rmtree(upload.file.parent, ignore_errors=True)
        if upload.path and all(other.path != upload.path for other in list(self._uploads.values())):
            upload.path.unlink(missing_ok=True)

    def _require_place(self) -> None:
        """Make room for one more upload. Otherwise a visitor who begins many and sends nothing would stop all others.

        Raises:
            InputError: too many uploads are open, and each is young or receives a part.
        """
        unfinished = [upload for upload in self._uploads.values() if upload.path is None]
        if len(unfinished) < MOST_OPEN:
            return
        oldest = time.monotonic() - YOUNG_SECONDS
        idle = [upload for upload in unfinished if upload.begun <= oldest and not upload.busy.locked()]
        if not idle:
            raise InputError(f"{MOST_OPEN} other uploads are not finished. Try again in a minute.")
        self._remove(min(idle, key=lambda upload: upload.received))

    def _require_space(self, size: int) -> None:
        free = shutil.disk_usage(self._jobs.settings.folder).free
        if size + _FREE_BYTES > free:
            raise InputError(f"The file needs {size / 1e6:,.0f} MB more than this server has free. Try again later.")


def make_upload_routes(jobs: Jobs) -> APIRouter:
    """Return the routes for uploads in parts."""
    router, uploads = APIRouter(), Uploads(jobs)

    @router.post("/uploads", response_model=None)
    async def begin(name: str = Query(max_length=1000), size: int = Query()) -> dict[str, int | str | None]:
        return uploads.begin(name, size).state()

    @router.get("/uploads/{key}", response_model=None)
    async def state(key: str) -> dict[str, int | str | None]:
        return uploads.get(key).state()

    @router.patch("/uploads/{key}", response_model=None)
    async def take(key: str, request: Request, offset: int = Query(ge=0)) -> dict[str, int | str | None]:
        return (await uploads.take(key, offset, request)).state()

    return router


def _finish(upload: Upload) -> Path:
    """Move a complete file to where Gradio keeps a file with this content; return its path."""
    target = Path(get_upload_folder()) / hash_file(upload.file) / upload.name
    target.parent.mkdir(parents=True, exist_ok=True)
    upload.file.replace(target)
    upload.file.parent.rmdir()
    return target
