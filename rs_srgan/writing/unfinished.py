"""Unfinished results: their pixels, a note of the progress, and whether a later run may go on with them."""

import errno
import hashlib
import json
import logging
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rs_srgan.durable import force_content, force_names
from rs_srgan.errors import InputError, ReadError, shown
from rs_srgan.writing.lock import TargetLock

logger = logging.getLogger(__name__)

# File systems allow names of 255 bytes. This leaves room for the endings below.
_LONGEST_NAME_BYTES = 200
# Temporary files of GDAL's COG driver, beside the file that it writes.
_COG_ENDINGS = (".ovr.tmp", ".msk.ovr.tmp")
# Error numbers for a full disk, a user's full quota, and a file larger than the limit.
FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def files_beside(target: Path) -> list[Path]:
    """Return all files that a run may write beside its target: pixels, their copy, note, lock, and temporary files."""
    name = target.name
    if len(os.fsencode(name)) > _LONGEST_NAME_BYTES:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:32]
    endings = ("", ".cog", ".json", ".lock", ".new", *(f".cog{ending}" for ending in _COG_ENDINGS))
    return [target.with_name(f"{name}.partial{ending}") for ending in endings]


def checksum(note: dict[str, Any]) -> str:
    """Return the SHA-256 of a note: a changed number would otherwise count pixels that are not there."""
    return hashlib.sha256(json.dumps(note, sort_keys=True).encode()).hexdigest()


def _is_plausible(note: dict[str, Any]) -> bool:
    """Return whether a note has the types and numbers that this version writes; another one may write others."""
    counts = [note["done"], note["parts"], note["bytes"]]
    return all(type(count) is int for count in counts) and 0 <= counts[0] <= counts[1] and type(note["request"]) is dict


def was_published(target: Path) -> bool:
    """Return whether a target is complete, and a run that was killed just then left its files beside it."""
    pixels, copy, *_ = files_beside(target)
    return _same(pixels, target) or _same(copy, target)


def require_absent(target: Path, overwrite: bool, resume: bool) -> None:
    """Raise `InputError` if a target exists that must not be replaced.

    Args:
        target: final path.
        overwrite: allow an existing target.
        resume: allow a target that the run to be resumed completed just before it was killed.
    """
    if target.exists() and not overwrite and not (resume and was_published(target)):
        raise _exists(target)


def _exists(target: Path) -> InputError:
    return InputError(f"{target} exists. Choose another name, or overwrite it (overwrite=True, --overwrite).")


def remove_leftovers(target: Path) -> None:
    """Remove the files beside a complete target that a run left which was killed just then; do nothing else.

    The links to the target go last: until then, a later call knows that they are leftovers.

    Args:
        target: final path.
    """
    if was_published(target):
        pixels, copy, note, _, fresh, *_ = files_beside(target)
        for path in (note, fresh, *sorted((pixels, copy), key=lambda each: _same(each, target))):
            path.unlink(missing_ok=True)


def _same(path: Path, other: Path) -> bool:
    """Return whether two paths lead to one file."""
    try:
        return path.samefile(other)
    except OSError:  # one of them does not exist
        return False


class Unfinished:
    """Files beside a target that is not complete: its pixels so far, and a note of how many parts they contain.

    When the `with` block ends, the files are removed if the target is complete, if they contain no part, or if the
    request was wrong. They stay if the run was stopped, also by `kill -9`, a power cut, a full disk or an input that
    could not be read any more: every note goes onto the disk after the pixels that it counts.

    Args:
        target: final path.
        request: everything that determines the result. A run goes on only with files of the same request.
        parts: number of parts of the work, which are done in order.
        resume: go on with existing files.
        overwrite: replace an existing target, and without `resume` start again in spite of existing files.
        quiet: do not log; another output of the same run reports it.
        resumable: False to remove the files of a stopped run, because no later run can tell whether its images are the
            same.

    Attributes:
        target: final path.
        pixels: path of the unfinished GeoTIFF.
        copy: path of a complete file that is made from `pixels`.
        done: number of parts that `pixels` safely contains.

    Raises:
        InputError: another run is writing the target or has written it, or files exist and neither `resume` nor
            `overwrite` is given.
    """

    def __init__(
        self,
        target: Path,
        request: dict[str, Any],
        parts: int,
        resume: bool = False,
        overwrite: bool = False,
        quiet: bool = False,
        resumable: bool = True,
    ) -> None:
        self.target, self._parts, self._overwrite, self._quiet = target, parts, overwrite, quiet
        self._resumable = resumable
        self._request: dict[str, Any] = json.loads(json.dumps(request))  # as json.loads reads it back from the note
        self.pixels, self.copy, self._note, lock, *_ = files_beside(target)
        self._lock = TargetLock(target, lock, quiet)
        self.done = 0
        self._lock.acquire()
        try:
            self._begin(resume, overwrite)
        except BaseException:
            self._lock.release()
            raise

    def _begin(self, resume: bool, overwrite: bool) -> None:
        require_absent(self.target, overwrite, resume)  # another run may have ended before the lock was free
        self._note.with_suffix(".new").unlink(missing_ok=True)  # it may be a name of the pixels, see _replace
        begun = self._read_note()
        if begun is None or not resume:
            if begun is not None and begun["done"] and not overwrite:
                share = begun["done"] / begun["parts"]
                raise InputError(
                    f"{self.target} has an unfinished run, {share:.0%} done. "
                    "Resume it (resume=True, --resume) or start again (overwrite=True, --overwrite)."
                )
            if begun is None and resume and not overwrite and self.target.exists():  # complete, but for its leftovers
                remove_leftovers(self.target)
                raise _exists(self.target)
            self._remove()
            force_names(self.target.parent)  # a note that comes back after a power cut must not count new pixels
            return
        keys = {**self._request, **begun["request"]}  # of both: another version may ask for more
        differing = [key for key in keys if begun["request"].get(key) != self._request.get(key)]
        if differing:
            key = differing[0]
            before, now = begun["request"].get(key), self._request.get(key)
            which = "" if isinstance(now, list) or key == "model" else f": {shown(before)}, now {shown(now)}"
            raise InputError(
                f"The unfinished run of {self.target} had another {key:.80}{which}. "
                "Repeat the same request, or start again (overwrite=True, --overwrite)."
            )
        if begun["parts"] != self._parts:
            raise InputError(
                f"The unfinished run of {self.target} had {begun['parts']} parts, now {self._parts}: "
                "another version of rs_srgan divided it. Start again (overwrite=True, --overwrite)."
            )
        self.done = begun["done"]
        if not self._quiet:
            logger.info("%s: resuming at %.0f %%.", self.target.name, 100 * self.done / self._parts)

    def _read_note(self) -> dict[str, Any] | None:
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            intact = note.pop("sha256") == checksum(note) and _is_plausible(note)
            missing = note["bytes"] - self.pixels.stat().st_size
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):  # damaged, or another file
            intact, missing = False, 0
        if not intact:
            logger.warning("%s is damaged: the run starts again.", self._note.name)
            return None
        if missing > 0:
            logger.warning("%s lacks its last %d bytes: the run starts again.", self.pixels.name, missing)
            return None
        return dict(note)

    def note(self, done: int) -> None:
        """Write the note that the file, which is on the disk as it is now, contains the first `done` parts."""
        size = self.pixels.stat().st_size
        content = {"done": done, "parts": self._parts, "bytes": size, "request": self._request}
        content["sha256"] = checksum(content)
        fresh = self._note.with_suffix(".new")
        fresh.write_text(json.dumps(content), encoding="utf-8")
        force_content(fresh)
        fresh.replace(self._note)
        force_names(self._note.parent)
        self.done = done

    def clear_copy(self) -> Path:
        """Remove what a killed run left at the path of the copy, which may be the target, too; return the path."""
        self._remove_copy()
        return self.copy

    def is_published(self, whole: Path) -> bool:
        """Return whether a run that was killed just then has given a complete file its final name already."""
        return _same(whole, self.target)

    def publish(self, whole: Path) -> None:
        """Give a complete file its final name.

        Raises:
            FileExistsError: the target was created meanwhile and must not be replaced.
        """
        force_content(whole)
        if self._overwrite:
            self._replace(whole)
        else:
            self._link(whole)
        force_names(self.target.parent)

    def _replace(self, whole: Path) -> None:
        """Replace the target by a second name of the file, from which a later run sees that it is published."""
        second = self._note.with_suffix(".new")
        second.unlink(missing_ok=True)
        try:
            os.link(whole, second)
        except OSError:  # the file system has no hard links
            second = whole
        second.replace(self.target)

    def _link(self, whole: Path) -> None:
        try:
            os.link(whole, self.target)  # unlike a rename, it fails if the target exists
        except FileExistsError:
            what = "Another program created it meanwhile, so it was not replaced"
            raise FileExistsError(errno.EEXIST, what, str(self.target)) from None
        except OSError:  # the file system has no hard links
            whole.replace(self.target)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._keep_or_remove(error)
        finally:
            self._lock.release()

    def _keep_or_remove(self, error: BaseException | None) -> None:
        at_fault = isinstance(error, InputError) and not isinstance(error, ReadError)
        kept = error is not None and not at_fault and self.done > 0 and self._resumable
        if kept:
            self._remove_copy()
        else:
            self._remove()
        if not self._quiet:
            self._explain(error, kept)

    def _explain(self, error: BaseException | None, kept: bool) -> None:
        share = f"{100 * self.done / self._parts:.0f} %"
        if isinstance(error, ReadError) and kept:
            raise ReadError(
                f"{error} The finished part, {share}, is kept: use --resume if this same file can be read later, "
                "else start again with --overwrite."
            ) from None
        if kept:
            what = "stopped at %s, which is kept. Resume with --resume, or start again with --overwrite."
            logger.warning(f"%s: {what}", self.target.name, share)
        if isinstance(error, OSError) and error.errno in FULL_DISK:
            reason = f"{error.strerror}. Make room there, or choose another folder"
            raise OSError(error.errno, reason, str(self.target.parent)) from error

    def _remove_copy(self) -> None:
        for ending in ("", *_COG_ENDINGS):
            self.copy.with_name(self.copy.name + ending).unlink(missing_ok=True)

    def _remove(self) -> None:
        remove_leftovers(self.target)
        self._remove_copy()
        for path in (self.pixels, self._note, self._note.with_suffix(".new")):
            path.unlink(missing_ok=True)
