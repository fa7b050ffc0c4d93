"""Remedies of the reader of files in the words of training, which has other options than `rs-srgan predict`."""

import logging
import re
from collections.abc import Callable

_Replacement = str | Callable[[re.Match[str]], str]

# DN per reflectance of the offsets that the reader names as an example, which are those of Sentinel-2.
_DN = 10_000


def _offset(found: re.Match[str]) -> str:
    return f"--data.reflectance.offset {int(found[1]) / _DN:g}"


def _described(found: re.Match[str]) -> str:
    return f"{'D' if found[1] == 'S' else 'd'}escribe each band: rio edit-info FILE --bidx 1 --description NAME"


# Options of `rs-srgan predict` in messages, and what training has instead. The order matters.
_WORDS: tuple[tuple[str, _Replacement], ...] = (
    (r"state it \(--nodata [^)]*\), or declare", "declare"),
    (r"\b([Ss])tate the names in the file's order: --band-names [\w,-]*\w", _described),
    (r"give all( of them)? with --stack", "stack them (rio stack)"),
    (r"--offset (-?\d+)\b", _offset),
    (r"--(scale|offset)\b", r"--data.reflectance.\1"),
)


def in_training(text: str) -> str:
    """Return a message with the options of training, or another remedy where training has none."""
    for pattern, words in _WORDS:
        text = re.sub(pattern, words, text)
    return text


class InTraining(logging.Filter):
    """Filter that lets warnings of the reader name options of training."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the text of a record, and show it."""
        if record.name.startswith("rs_srgan.reading"):
            record.msg = in_training(str(record.msg))
        return True
