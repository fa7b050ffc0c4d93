"""`Manifest`: which scenes of a batch are finished. It is beside the results, for later runs of the same command."""

import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rs_srgan.addresses import identity_of, without_secrets
from rs_srgan.batch.output import OutputFolder
from rs_srgan.batch.rows import Row, is_address
from rs_srgan.errors import InputError
from rs_srgan.inference.options import PredictOptions
from rs_srgan.version import __version__

FOLDER = "manifest"
_ENDING = ".jsonl"
# An object store cannot append to a file. So records are collected for that time, and written to a new file.
_SECONDS = 5.0
# Options that do not change a result.
_FREE = ("resume", "overwrite", "threads")


@dataclass(frozen=True)
class Written:
    """A file of a result.

    Attributes:
        name: file name.
        bytes: size.
        sha256: checksum, hexadecimal.
    """

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Record:
    """A finished scene.

    Attributes:
        output: file name of the result.
        request: sources, options, model and version that made it; see `request_of`.
        inputs: size (bytes) and time of change (ns) of each local source when it was read.
        files: the files of the result.
        lr_px: number of LR pixels.
        seconds: time from opening to publishing.
    """

    output: str
    request: Mapping[str, Any]
    inputs: Sequence[Sequence[int]]
    files: Sequence[Written]
    lr_px: int
    seconds: float


def request_of(row: Row, options: PredictOptions, model: str, fingerprint: str) -> dict[str, Any]:
    """Return what determines a result, in the form in which JSON gives it back.

    Args:
        row: the scene.
        options: all options that hold for it.
        model: name of its model.
        fingerprint: fingerprint of the model.
    """
    chosen = {name: value for name, value in options.changed().items() if name not in _FREE}
    request = {
        "sources": [identity_of(each) if is_address(each) else each for each in row.sources],
        "model": model,
        "fingerprint": fingerprint,
        "options": chosen,
        "version": __version__,
    }
    read: dict[str, Any] = json.loads(without_secrets(json.dumps(request, default=str)))
    return read


def inputs_of(sources: Iterable[str]) -> list[list[int]]:
    """Return size and time of change of each source that is a local path; zeros for others."""
    found = []
    for source in sources:
        try:
            stat = None if is_address(source) else os.stat(source)
        except OSError:
            stat = None
        found.append([0, 0] if stat is None else [stat.st_size, stat.st_mtime_ns])
    return found


class Manifest:
    """The records of a folder.

    Args:
        folder: the folder of the results.
        overwrite: forget earlier records.

    Attributes:
        done: the finished scenes, by the name of the result.
        planned: names of results that runs of this manifest have begun or wanted to begin.

    Raises:
        InputError: the folder holds a damaged record.
    """

    def __init__(self, folder: OutputFolder, overwrite: bool = False) -> None:
        self._folder = folder
        self.done: dict[str, Record] = {}
        self.planned: set[str] = set()
        names = sorted(name for name in folder.sizes(FOLDER) if name.endswith(_ENDING))
        for name in names:
            self._read(name, overwrite)
        # one run writes one file, or several in an object store
        self._number = int(names[-1].removesuffix(_ENDING).split("-")[0]) + 1 if names else 1
        self._pieces = 0
        self._waiting: list[str] = []
        self._flushed_at = time.monotonic()

    def _read(self, name: str, overwrite: bool) -> None:
        lines = (self._folder.read_text(f"{FOLDER}/{name}") or "").splitlines()
        for number, line in enumerate(lines, 1):
            try:
                content = json.loads(line)
                if "planned" in content:
                    self.planned.update(content["planned"])
                elif not overwrite:
                    files = [Written(**each) for each in content.pop("files")]
                    record = Record(files=files, **content)
                    self.done[record.output] = record
            except (ValueError, TypeError, KeyError):
                if number == len(lines):  # a run was killed while it wrote the line
                    continue
                raise InputError(
                    f"{self._folder}/{FOLDER}/{name} is damaged in line {number}. Choose another folder, or do all "
                    "scenes again (overwrite=True, --overwrite)."
                ) from None

    def is_done(self, row: Row, request: Mapping[str, Any], sizes: Mapping[str, int]) -> bool:
        """Return whether a scene is finished, and its files are still there with their sizes.

        Args:
            row: the scene.
            request: what determines its result now; see `request_of`.
            sizes: sizes of all files in the folder, by name.

        Raises:
            InputError: it was finished with another request, or its input has changed since.
        """
        record = self.done.get(row.output)
        if record is None:
            return False
        if differing := [key for key in request if record.request.get(key) != request[key]]:
            raise InputError(
                f"{self._folder}/{row.output} was made with other {differing[0]}: "
                f"{record.request.get(differing[0])!s:.120}, now {request[differing[0]]!s:.120}. Choose another "
                "folder, or do all scenes again (overwrite=True, --overwrite)."
            )
        for source, before, now in zip(row.sources, record.inputs, inputs_of(row.sources), strict=True):
            if any(now) and list(before) != now:
                raise InputError(
                    f"{source} has changed since {row.output} was made of it. Choose another folder, or do all scenes "
                    "again (overwrite=True, --overwrite)."
                )
        return all(sizes.get(file.name) == file.bytes for file in record.files)

    def plan(self, names: Iterable[str]) -> None:
        """Note the results that this run wants to write, before it begins. A later run may replace them."""
        fresh = [name for name in names if name not in self.planned]
        if fresh:
            self.planned.update(fresh)
            self._write(json.dumps({"planned": fresh}))
            self.flush()

    def record(self, record: Record) -> None:
        """Note a finished scene."""
        self._write(json.dumps(asdict(record)))
        if self._folder.local is not None or time.monotonic() - self._flushed_at >= _SECONDS:
            self.flush()

    def _write(self, line: str) -> None:
        self._waiting.append(line)

    def flush(self) -> None:
        """Write the records that are collected."""
        if not self._waiting:
            return
        text = "".join(f"{line}\n" for line in self._waiting)
        if self._folder.local is not None:
            path = self._folder.local / FOLDER / f"{self._number:05}{_ENDING}"
            path.parent.mkdir(exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(text)
        else:
            self._pieces += 1
            self._folder.write_text(f"{FOLDER}/{self._number:05}-{self._pieces:06}{_ENDING}", text)
        self._waiting = []
        self._flushed_at = time.monotonic()
