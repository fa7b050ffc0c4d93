"""Recorder: what a process does to the files in a folder, in order, so that a power cut can be simulated.

It stands between the program and Python's functions for files. What GDAL writes by itself is taken from the disk when
the program forces it there.
"""

import io
import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        kind: "create", "write", "truncate", "content" (all that a file holds), "force" (a file), "force names", "link",
            "rename", or "unlink".
        file: number of the file.
        name: name in the folder.
        target: second name, of a link or a rename.
        offset: where a write begins, or the size after "truncate", bytes.
        data: what is written.
    """

    kind: str
    file: int = -1
    name: str = ""
    target: str = ""
    offset: int = 0
    data: bytes = b""


@dataclass
class _Recorder:
    """Numbers files, and appends operations to the log."""

    folder: Path
    log: Any
    files: dict[str, int] = field(default_factory=dict)
    opened: dict[int, int] = field(default_factory=dict)
    count: int = 0

    def note(self, operation: Operation) -> None:
        pickle.dump(operation, self.log)
        self.log.flush()

    def name(self, path: object) -> str:
        """Return the name of a file in the folder, or nothing."""
        if not isinstance(path, str | os.PathLike):
            return ""
        given = Path(os.fspath(path))
        return given.name if given.parent == self.folder else ""

    def number(self, name: str) -> int:
        """Return the number of a file, which is new if the name is."""
        if name not in self.files:
            self.files[name] = self.count
            self.count += 1
            self.note(Operation("create", self.files[name], name))
        return self.files[name]


class _File(io.FileIO):
    """A file whose changes are recorded."""

    def __init__(self, recorder: _Recorder, path: Path, mode: str) -> None:
        number = recorder.number(path.name)
        super().__init__(path, mode)
        self._recorder, self._number = recorder, number
        recorder.opened[self.fileno()] = number
        if "w" in mode:
            recorder.note(Operation("truncate", number))

    def write(self, data: Any) -> int:  # noqa: ANN401
        offset = self.tell()
        written = super().write(data)
        content = bytes(memoryview(data).cast("B")[:written])
        self._recorder.note(Operation("write", self._number, offset=offset, data=content))
        return written

    def truncate(self, size: int | None = None) -> int:
        made = super().truncate(size)
        self._recorder.note(Operation("truncate", self._number, offset=made))
        return made


def record(folder: Path, log: Path) -> None:
    """Record what this process does to the files in a folder from now on.

    Args:
        folder: the folder.
        log: the file for the operations, elsewhere.
    """
    recorder = _Recorder(folder, log.open("wb"))
    plain_open = io.open

    def recorded_open(file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **named: Any) -> Any:  # noqa: ANN401
        if not recorder.name(file) or mode in ("r", "rb"):
            return plain_open(file, mode, buffering, *rest, **named)
        raw = _File(recorder, Path(file), mode.replace("b", "").replace("t", ""))
        if buffering == 0:
            return raw
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding="utf-8")

    io.open = recorded_open
    _record_names(recorder)


def _record_names(recorder: _Recorder) -> None:
    plain_force = os.fsync

    def force(fd: Any) -> None:  # noqa: ANN401
        plain_force(fd)
        if os.path.samestat(os.fstat(fd), recorder.folder.stat()):
            recorder.note(Operation("force names"))
        elif fd in recorder.opened:
            number = recorder.opened[fd]
            path = next(name for name, file in recorder.files.items() if file == number)
            recorder.note(Operation("content", number, data=(recorder.folder / path).read_bytes()))
            recorder.note(Operation("force", number))

    def moving(kind: str, plain: Callable[..., None]) -> Callable[..., None]:
        def move(source: Any, target: Any, **rest: Any) -> None:  # noqa: ANN401
            name, other = recorder.name(source), recorder.name(target)
            if name:
                recorder.number(name)
            plain(source, target, **rest)
            if name and other:
                recorder.files[other] = recorder.files[name] if kind == "link" else recorder.files.pop(name)
                recorder.note(Operation(kind, recorder.files[other], name, other))

        return move

    def unlinking(plain: Callable[..., None]) -> Callable[..., None]:
        def unlink(path: Any, **rest: Any) -> None:  # noqa: ANN401
            plain(path, **rest)
            if (name := recorder.name(path)) and name in recorder.files:
                recorder.note(Operation("unlink", recorder.files.pop(name), name))

        return unlink

    os.fsync = force
    os.link = moving("link", os.link)
    os.replace, os.rename = moving("rename", os.replace), moving("rename", os.rename)
    os.unlink, os.remove = unlinking(os.unlink), unlinking(os.remove)


def read_log(log: Path) -> list[Operation]:
    """Return the recorded operations."""
    found = []
    with log.open("rb") as file:
        while True:
            try:
                found.append(pickle.load(file))  # harmless: this program wrote it
            except EOFError:
                return found
