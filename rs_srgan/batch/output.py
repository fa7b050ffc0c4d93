"""`OutputFolder`: the folder of a batch's results, local or in an object store, in which every file appears whole."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import url2pathname
from uuid import uuid4

from rs_srgan.addresses import without_secrets
from rs_srgan.errors import InputError, require_extra
from rs_srgan.reading.paths import split_address
from rs_srgan.whole_files import PREFIX, whole_file

_CHUNK = 16 * 2**20
# In these a file appears when its last part has arrived; elsewhere it is renamed then.
_OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az")


class OutputFolder:
    """A folder of results. It can be sent to another process.

    Args:
        address: a local path, file://..., or an address that fsspec knows, for example s3://bucket/folder.

    Attributes:
        address: the address, without a slash at its end.
        local: path of a local folder; None for others.

    Raises:
        InputError: the address is of no kind that is installed.
    """

    def __init__(self, address: str | Path) -> None:
        parts = split_address(str(address))
        local = isinstance(address, Path) or "://" not in str(address)
        if local or parts.scheme in ("file", "local"):
            self.local: Path | None = Path(address if local else url2pathname(parts.netloc + parts.path)).absolute()
            self.address = str(self.local)
            return
        self.local = None
        self.address = str(address).rstrip("/")
        self._fs()

    def __str__(self) -> str:
        return without_secrets(self.address)

    def _fs(self) -> Any:  # noqa: ANN401  # fsspec has no types
        """Return the file system; fsspec keeps one for each process."""
        require_extra("fsspec", "Results in object stores", "ray")
        import fsspec  # an extra

        try:
            return fsspec.core.url_to_fs(self.address)[0]
        except (ImportError, ValueError) as error:
            raise InputError(
                f"{self.address} cannot be written: {str(error).splitlines()[0]} (s3:// needs s3fs, gs:// needs gcsfs.)"
            ) from None

    def require_possible(self) -> None:
        """Check that a local folder exists or can be created.

        Raises:
            InputError: it, or a folder that it lies in, is a file.
        """
        for path in (self.local, *self.local.parents) if self.local is not None else ():
            if path.is_dir():
                return
            if path.exists():
                raise InputError(f"{path} is a file; expected a folder for the results.")

    def prepare(self) -> None:
        """Create the folder, if it is local."""
        if self.local is not None:
            self.local.mkdir(parents=True, exist_ok=True)

    def sizes(self, inside: str = "") -> dict[str, int]:
        """Return the size of every file in the folder, bytes, by name; sub-folders are left out.

        Args:
            inside: name of a sub-folder to list instead.
        """
        if self.local is not None:
            folder = self.local / inside
            files = folder.iterdir() if folder.is_dir() else []
            return {file.name: file.stat().st_size for file in files if file.is_file()}
        fs = self._fs()
        fs.invalidate_cache()
        try:
            found = fs.ls(f"{self.address}/{inside}".rstrip("/"), detail=True)
        except FileNotFoundError:
            return {}
        return {each["name"].rsplit("/", 1)[-1]: each["size"] for each in found if each["type"] == "file"}

    def read_text(self, name: str) -> str | None:
        """Return the text of a file; None if there is no such file."""
        try:
            if self.local is not None:
                return (self.local / name).read_text(encoding="utf-8")
            content: bytes = self._fs().cat_file(f"{self.address}/{name}")
            return content.decode()
        except FileNotFoundError:
            return None

    def write_text(self, name: str, text: str) -> None:
        """Write a small file whole, or replace it."""
        if self.local is None:
            self._fs().pipe_file(f"{self.address}/{name}", text.encode())  # one request, which is whole or nothing
            return
        (self.local / name).parent.mkdir(exist_ok=True)
        with whole_file(self.local / name) as fresh:
            fresh.write_text(text, encoding="utf-8")

    def commit(self, file: Path, name: str) -> None:
        """Copy a complete local file into the folder, where it appears when all of it has arrived.

        Raises:
            OSError: the store does not answer, or its copy has another size; nothing of it stays.
        """
        fs, target = self._fs(), f"{self.address}/{name}"
        if split_address(self.address).scheme in _OBJECT_STORES:
            with file.open("rb") as source:
                out = fs.open(target, "wb", autocommit=False, block_size=_CHUNK)
                try:
                    shutil.copyfileobj(source, out, _CHUNK)
                    out.close()
                except BaseException:
                    out.discard()
                    raise
            out.commit()
            _require_size(fs, target, file)
            return
        fresh = f"{self.address}/{PREFIX}{uuid4().hex}_{name}"
        try:
            fs.put_file(str(file), fresh)
            _require_size(fs, fresh, file)
            fs.mv(fresh, target)
        except BaseException:
            with suppress(FileNotFoundError):
                fs.rm_file(fresh)
            raise


def _require_size(fs: Any, address: str, file: Path) -> None:  # noqa: ANN401
    """Remove a copy, and raise OSError, unless it has the size of its original."""
    fs.invalidate_cache()
    arrived, size = fs.info(address)["size"], file.stat().st_size
    if arrived != size:
        fs.rm_file(address)
        raise OSError(f"{without_secrets(address)} has {arrived} bytes; expected {size}.")
