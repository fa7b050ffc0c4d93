"""`Writer`: an actor that writes results. One writer has a scene, and appends its blocks in any order."""

import hashlib
import logging
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayError

from rs_srgan.batch.manifest import Written
from rs_srgan.batch.place import here
from rs_srgan.batch.task import Place, Target
from rs_srgan.errors import InputError
from rs_srgan.inference.memory import save_memory
from rs_srgan.inference.outline import Outline
from rs_srgan.writing.lock import BusyError
from rs_srgan.writing.result import Result
from rs_srgan.writing.target import check_target

# A killed run loses what it wrote since the last checkpoint.
_CHECKPOINT_SECONDS = 5.0
# The writer of a killed run may hold its lock for a moment.
_LOCK_SECONDS = 20.0
_CHUNK = 2**24


class _Unfinished:
    """A result that is being written: its files, and which parts they contain."""

    def __init__(self, outline: Outline, target: Target, files: ExitStack) -> None:
        self.outline, self.target, self.files = outline, target, files
        if target.folder.local is None:
            self.folder = Path(files.enter_context(tempfile.TemporaryDirectory(prefix="rs_srgan_batch_")))
        else:
            self.folder = target.folder.local
            _require_mark(target)
        paths = [check_target(self.folder / name, [], target.overwrite) for name in target.names]
        self.results: list[Result] = outline.open_results(paths, files, target.resume, target.overwrite)
        self.paths = paths
        self._settled = min(result.done for result in self.results)
        self._written = set(range(self._settled))
        self._settled_at = time.monotonic()

    @property
    def done(self) -> int:
        """The number of first parts that the files safely contain."""
        return self._settled

    def append(self, index: int, blocks: Sequence[Sequence[Any]]) -> None:
        """Append the blocks of a part to all files, once."""
        if index in self._written:
            return
        for result, own in zip(self.results, blocks, strict=True):
            for each in own:
                result.append(each)
        self._written.add(index)

    def settle(self) -> None:
        """Settle the parts without a gap from time to time, and when all are written."""
        first = self._settled
        while first in self._written:
            first += 1
        late = time.monotonic() - self._settled_at >= _CHECKPOINT_SECONDS
        if first > self._settled and (late or first == len(self.outline.parts)):
            for result in self.results:
                result.settle(first)
            self._settled, self._settled_at = first, time.monotonic()

    def publish(self) -> list[Written]:
        """Give the files their names, and copy them to an object store if the folder is in one."""
        if len(self._written) < len(self.outline.parts):
            raise RuntimeError(f"{self.outline.name}: {len(self._written)} of {len(self.outline.parts)} blocks written")
        self.outline.publish(self.results)
        written = []
        for path, name in zip(self.paths, self.target.names, strict=True):
            written.append(Written(name, path.stat().st_size, _checksum(path)))
            if self.target.folder.local is None:
                self.target.folder.commit(path, name)
        return written


class Writer:
    """Writes the results of several scenes at a time. Its methods may run in several threads."""

    def __init__(self) -> None:
        save_memory()
        logging.getLogger("rs_srgan").propagate = False  # the driver reports
        self._scenes: dict[int, _Unfinished] = {}
        self._lock = threading.Lock()

    def place(self) -> Place:
        """Return where this actor runs."""
        return here()

    def begin(self, number: int, outline: Outline, target: Target) -> int:
        """Open the files of a scene's result, and return the number of first parts that they contain already.

        Raises:
            InputError: the files cannot be written.
        """
        self.stop(number)
        last = time.monotonic() + _LOCK_SECONDS
        while True:
            with ExitStack() as files:
                try:
                    unfinished = _Unfinished(outline, target, files)
                except BusyError:
                    if time.monotonic() > last:
                        raise
                else:
                    unfinished.files = files.pop_all()
                    break
            time.sleep(0.5)
        with self._lock:
            self._scenes[number] = unfinished
        return unfinished.done

    def write(self, number: int, indexes: Sequence[int], references: Sequence[Any], seconds: float) -> list[int]:
        """Append parts of a scene, and return those whose pixels were lost on their way.

        Args:
            number: number of the scene.
            indexes: numbers of the parts.
            references: their blocks in Ray's object store.
            seconds: longest time of the way of one part.

        Raises:
            OSError: the disk is full.
        """
        unfinished, lost = self._scenes[number], []
        try:
            for index, reference in zip(indexes, references, strict=True):
                try:
                    blocks = ray.get(reference, timeout=seconds)
                except (RayError, GetTimeoutError):
                    lost.append(index)
                else:
                    unfinished.append(index, blocks)
                del reference
            unfinished.settle()
        except BaseException as error:
            self._end(number, error)
            raise
        return lost

    def publish(self, number: int) -> list[Written]:
        """Give the complete result its name, and return its files.

        Raises:
            OSError: the disk is full, or the object store does not answer.
        """
        try:
            written = self._scenes[number].publish()
        except BaseException as error:
            self._end(number, error)
            raise
        self._end(number, None)
        return written

    def stop(self, number: int) -> None:
        """Close the files of a scene; finished work in a local folder stays for a later run."""
        if number in self._scenes:
            self._end(number, KeyboardInterrupt())

    def _end(self, number: int, error: BaseException | None) -> None:
        """Leave the files as a run does that ended with this error."""
        with self._lock:
            unfinished = self._scenes.pop(number)
        unfinished.files.__exit__(*((None,) * 3 if error is None else (type(error), error, error.__traceback__)))


def _checksum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _require_mark(target: Target) -> None:
    """Check that this machine sees the folder of the run, and not another one with its name."""
    if target.mark is None:
        return
    name, text = target.mark
    if target.folder.read_text(name) != text:
        raise InputError(
            f"{target.folder} on node {here().host} is not the folder of the driver. Give a folder that all nodes "
            "share, or an address of an object store."
        )
