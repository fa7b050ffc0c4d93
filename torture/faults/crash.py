"""Crash: the folder that a power cut leaves, by the operations before it and by what the disk has lost.

The model: the names in a folder reach the disk in order, all of them when they are forced there. The content of a file
reaches it in any order, all of it when it is forced there.
"""

import os
import random
from collections.abc import Sequence
from pathlib import Path

from torture.faults.recorder import Operation

# "all": what was not forced is gone. "content": names and sizes are there, content that was not forced reads as zeros.
# "some": each write and the last names are there or not, at random.
LOSSES = ("all", "content", "some")


def folder_after(operations: Sequence[Operation], loss: str, chance: random.Random, folder: Path) -> None:
    """Write the files that are there after a power cut.

    Args:
        operations: everything that was done before.
        loss: one of LOSSES.
        chance: random numbers.
        folder: an empty folder.
    """
    contents = _contents(operations, loss, chance)
    made: dict[int, Path] = {}
    for name, number in _names(operations, loss, chance).items():
        path = folder / name
        if number in made:
            os.link(made[number], path)
        else:
            path.write_bytes(contents.get(number, b""))
            made[number] = path


def _names(operations: Sequence[Operation], loss: str, chance: random.Random) -> dict[str, int]:
    """Return the names that are on the disk, and the number of the file of each."""
    forced = max((at for at, each in enumerate(operations, 1) if each.kind == "force names"), default=0)
    last = {"all": forced, "content": len(operations), "some": chance.randint(forced, len(operations))}[loss]
    names: dict[str, int] = {}
    for each in operations[:last]:
        if each.kind in ("rename", "unlink"):
            names.pop(each.name, None)
        if each.kind in ("rename", "link"):
            names[each.target] = each.file
        elif each.kind == "create":
            names[each.name] = each.file
    return names


def _contents(operations: Sequence[Operation], loss: str, chance: random.Random) -> dict[int, bytearray]:
    """Return the content of each file on the disk."""
    on_disk: dict[int, bytearray] = {}
    waiting: dict[int, list[Operation]] = {}
    whole: dict[int, bytes] = {}
    for each in operations:
        if each.kind in ("write", "truncate"):
            waiting.setdefault(each.file, []).append(each)
        elif each.kind == "content":
            whole[each.file] = each.data
        elif each.kind == "force":
            on_disk[each.file] = bytearray(whole[each.file])
            waiting[each.file] = []
    for number, changes in waiting.items():
        content = on_disk.setdefault(number, bytearray())
        for change in changes:
            if loss == "all" or (loss == "some" and chance.random() < 0.5):
                continue
            _apply(change, content, keep=loss == "some")
    return on_disk


def _apply(change: Operation, content: bytearray, keep: bool) -> None:
    """Do a change; without `keep`, new bytes are zeros and old ones stay."""
    if change.kind == "truncate":
        del content[change.offset :]
        content.extend(bytes(change.offset - len(content)))
        return
    end = change.offset + len(change.data)
    content.extend(bytes(max(0, end - len(content))))
    if keep:
        content[change.offset : end] = change.data
