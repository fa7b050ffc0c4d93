"""safetensors: the length and the JSON of the header, types, shapes and places of tensors, and their values.

Source: the documentation of the format by its authors.
"""

import json
from pathlib import Path
from random import Random

from rs_srgan.models.loading import load_model
from torture.fuzz.images import small_model
from torture.fuzz.odd import INTEGERS, changed_bytes, changed_tree, json_bytes, odd_value

_TYPES = ("F32", "F16", "BF16", "F64", "I64", "I32", "U8", "BOOL", "F8_E4M3", "F8_E5M2", "F4", "C64", "X", "")


class _Weights:
    def __init__(self, workspace: Path) -> None:
        small_model().save_pretrained(workspace)
        self._config = (workspace / "config.json").read_bytes()
        self._whole = (workspace / "model.safetensors").read_bytes()

    def write(self, random: Random, folder: Path) -> Path:
        (folder / "config.json").write_bytes(self._config)
        (folder / "model.safetensors").write_bytes(self._broken(random))
        return folder

    def read(self, path: Path) -> None:
        """Load the model."""
        load_model(path)

    def _broken(self, random: Random) -> bytes:
        whole = self._whole
        length = int.from_bytes(whole[:8], "little")
        header, tensors = json.loads(whole[8 : 8 + length]), whole[8 + length :]
        change = random.random()
        if change < 0.2:
            return changed_bytes(random, whole)
        if change < 0.3:
            at = random.randrange(0, len(tensors), 4)
            odd = random.choice((b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\xff\xff\x7f\x7f", b"\1\0\0\0"))
            return whole[: 8 + length + at] + odd + whole[8 + length + at + 4 :]
        if change < 0.4:
            odd_length = random.choice((*INTEGERS, length - 1, length + 1, len(whole))) & (2**64 - 1)
            return odd_length.to_bytes(8, "little") + whole[8:]
        if change < 0.75:
            _break_entry(random, header)
        text = json_bytes(random, changed_tree(random, header) if change >= 0.65 else header)
        return len(text).to_bytes(8, "little") + text + tensors


def _break_entry(random: Random, header: dict[str, dict[str, object]]) -> None:
    names = [name for name in header if name != "__metadata__"]
    entry = header[random.choice(names)]
    change = random.randrange(6)
    if change == 0:
        entry["dtype"] = random.choice(_TYPES)
    elif change == 1:
        entry["shape"] = random.choice(([], [0], [2**32, 2**32], [-1], [1] * 100, [16, 4.0], odd_value(random)))
    elif change == 2:
        entry["data_offsets"] = random.choice(
            ([0, 0], [8, 0], [0, 2**63], [2**64, 2**65], [-4, 0], [0], odd_value(random))
        )
    elif change == 3:
        entry["data_offsets"] = header[random.choice(names)]["data_offsets"]  # two tensors in one place
    elif change == 4:
        header[random.choice(("x", "", "__metadata__", "generator.head.weight\0"))] = dict(entry)
    else:
        header["__metadata__"] = {"format": odd_value(random)}


def make_reader(workspace: Path) -> _Weights:
    """Return the reader."""
    return _Weights(workspace)
