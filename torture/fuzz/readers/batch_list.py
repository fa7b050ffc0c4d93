"""Lists of a batch: text, CSV and Parquet, with odd paths, options, encodings and numbers of cells."""

import csv
import io
from pathlib import Path
from random import Random

import pyarrow
from pyarrow import parquet

from rs_srgan.batch.rows import read_rows
from torture.fuzz.odd import FLOATS, INTEGERS, TEXTS, changed_bytes
from torture.fuzz.reader import Wrong

_COLUMNS = ("sources", "output", "model", "bbox", "aoi", "tile", "precision", "uncertainty", "masks", "dtype", "scale")
_WORDS = (
    *("a.tif", "a.tif;b.tif", "out.tif", "sisr-x4-rgbn", "1;2;3;4", "512", "0", "bf16", "true", ";", ";;a", "u.tif"),
    *("stac:earth-search", "https://127.0.0.1:9/a.tif", "s3://x/y.tif", "//[", "http://[::1", "a" * 300, "../out.tif"),
)


class _BatchList:
    def write(self, random: Random, folder: Path) -> Path:
        kind = random.choice(("txt", "csv", "csv", "parquet"))
        path = folder / f"list.{kind}"
        columns = [*random.sample(_COLUMNS, random.randrange(1, 5)), *(["sources"] if random.random() < 0.7 else [])]
        if random.random() < 0.1:
            columns.append(random.choice(TEXTS).replace("\ud800", "?"))
        rows = [[_cell(random) for _ in columns] for _ in range(random.choice((0, 1, 1, 2, 5)))]
        if kind == "parquet":
            _write_parquet(random, path, columns, rows)
            if random.random() < 0.6:
                path.write_bytes(changed_bytes(random, path.read_bytes()))
            return path
        text = io.StringIO()
        if kind == "csv":
            csv.writer(text).writerows([columns, *rows])
        else:
            text.write("\n".join(str(row[0]) for row in rows))
        encoding = random.choice(("utf-8",) * 6 + ("utf-16", "latin-1", "utf-8-sig"))
        data = text.getvalue().encode(encoding, "surrogatepass" if encoding == "utf-8" else "replace")
        if random.random() < 0.1:
            data += random.choice((b'"' + b"x" * 200_000, b"\0", b"a,b,c,d,e,f,g\n", b"\r\r\r", b'"\n' * 500))
        path.write_bytes(changed_bytes(random, data) if random.random() < 0.4 else data)
        return path

    def read(self, path: Path) -> None:
        """Read the list.

        Raises:
            InputError: the list is refused.
            Wrong: a result would be in another folder.
        """
        for row in read_rows(path):
            for name in row.outputs:
                if "/" in name or "\0" in name or name.startswith("."):
                    raise Wrong(f"a result would be {name!r}")


def _cell(random: Random) -> str:
    some = random.random()
    if some < 0.7:
        return random.choice(_WORDS)
    return str(random.choice(TEXTS if some < 0.85 else (*INTEGERS[:25], *FLOATS)))


def _write_parquet(random: Random, path: Path, columns: list[str], rows: list[list[str]]) -> None:
    """Write a table whose columns are texts, numbers, lists, tables or times, by chance."""
    made = []
    for index in range(len(columns)):
        texts = [row[index].replace("\ud800", "?") for row in rows]
        kind = random.randrange(8)
        if kind <= 3:
            made.append(pyarrow.array(texts, pyarrow.string()))
        elif kind == 4:
            made.append(pyarrow.array([text.split(";") for text in texts], pyarrow.list_(pyarrow.string())))
        elif kind == 5:
            made.append(pyarrow.array([random.choice((1, -1, None, 2**40)) for _ in texts], pyarrow.int64()))
        elif kind == 6:
            made.append(pyarrow.array([{"a": text} for text in texts], pyarrow.struct([("a", pyarrow.string())])))
        else:
            made.append(pyarrow.array([random.choice((0, 2**62, None)) for _ in texts], pyarrow.timestamp("ns")))
    parquet.write_table(pyarrow.table(made, names=[name.replace("\0", "") for name in columns]), path)


def make_reader(workspace: Path) -> _BatchList:
    """Return the reader."""
    return _BatchList()
