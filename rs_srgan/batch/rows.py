"""Rows: the scenes of a batch, from a list, a folder or a pattern."""

import csv
import dataclasses
import glob
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rs_srgan.addresses import is_item, without_secrets
from rs_srgan.errors import InputError, require_extra
from rs_srgan.inference.options import PredictOptions, option_of
from rs_srgan.reading.formats import SUFFIXES
from rs_srgan.reading.paths import split_address
from rs_srgan.reading.safe import is_product
from rs_srgan.reading.safe_files import holds_product

_OWN = ("sources", "output", "model")
# Options of a whole batch: a row cannot set them.
_OF_ALL = ("resume", "overwrite", "threads")
_FIELDS = {each.name: each for each in dataclasses.fields(PredictOptions)}
_PATHS = ("masks", "aoi")
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")
# Separates several words of one cell of a CSV file.
_SEPARATOR = ";"
# Endings of the names of STAC items and areas, which are no images.
_OF_OBJECTS = (".json", ".geojson")
# Names of files with this many bytes leave room for the endings of partial files.
_LONGEST_BYTES = 200


@dataclass(frozen=True)
class Row:
    """A scene of a batch.

    Attributes:
        sources: the images: absolute paths, or addresses. Several are revisits of one place.
        output: file name of the result, without a folder.
        model: name or folder of the model; None for that of the batch.
        options: options that differ from those of the batch, by the names of `PredictOptions`. A path in
            `uncertainty` is a file name, like `output`.
    """

    sources: tuple[str, ...]
    output: str
    model: str | None = None
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def outputs(self) -> tuple[str, ...]:
        """File names of the result, and of its uncertainty if it is wanted."""
        uncertainty = self.options.get("uncertainty")
        return (self.output,) if uncertainty is None else (self.output, str(uncertainty))


Rows = str | Path | Sequence[str | Path | Row | Mapping[str, object]]


def read_rows(given: Rows) -> list[Row]:
    """Return the scenes of a batch.

    Args:
        given: a folder with images and products; a pattern with * or ?; a list in a text file (one source in a line),
            a CSV or a Parquet file; or the sources or rows themselves. docs/cluster.md describes the lists.

    Raises:
        InputError: there is no scene, a row is wrong, or two results would have one name.
    """
    rows = list(_rows(given))
    if not rows:
        raise InputError(f"There is no scene in {_named(given)}; expected images, products, or rows of a list.")
    _require_distinct(rows)
    return rows


def _named(given: Rows) -> str:
    return str(given) if isinstance(given, str | Path) else "the list"


def _rows(given: Rows) -> Iterator[Row]:
    if not isinstance(given, str | Path):
        for number, each in enumerate(given, 1):
            where = f"row {number}"
            if isinstance(each, Row):
                yield _checked(each, where)
            else:
                yield _row(each if isinstance(each, Mapping) else {"sources": [str(each)]}, where)
        return
    path = Path(given)
    if any(sign in str(given) for sign in "*?[") and not path.exists():
        yield from _of_paths(sorted(glob.glob(str(given), recursive=True)))
    elif path.is_dir() and path.suffix.upper() != ".SAFE" and not holds_product(path):
        yield from _of_paths(sorted(str(each) for each in path.iterdir() if _is_image(each)))
    elif not path.exists():
        raise InputError(f"{path} does not exist; expected a list, a folder, or a pattern.")
    elif path.suffix.lower() in SUFFIXES or is_product(path):
        yield from _of_paths([str(path)])
    else:
        yield from _listed(path)


def _is_image(path: Path) -> bool:
    """Return whether a path is an image, or a product by its name or its content, and no partial file."""
    if path.name.startswith(".") or ".partial" in path.name:
        return False
    if path.suffix.upper() in (".SAFE", ".ZIP") or holds_product(path):
        return True
    if path.is_dir():
        return _is_around_product(path)
    return path.suffix.lower() in SUFFIXES and path.is_file()


def _is_around_product(folder: Path) -> bool:
    """Return whether a folder holds the folder of one product, as some programs unpack archives."""
    try:
        return sum(map(holds_product, filter(Path.is_dir, folder.iterdir()))) == 1
    except OSError:  # a folder of others
        return False


def _of_paths(paths: Iterable[str]) -> Iterator[Row]:
    for path in paths:
        yield _row({"sources": [path]}, path)


def _listed(path: Path) -> Iterator[Row]:
    """Yield the rows of a list, by the ending of its name."""
    kind = path.suffix.lower()
    if kind == ".parquet":
        require_extra("pyarrow", "Lists in Parquet", "ray")
        from pyarrow import ArrowException, parquet  # an extra

        try:
            table = parquet.read_table(path).to_pylist()
        except (ArrowException, OSError, UnicodeDecodeError) as error:  # the last of the name of a column
            raise InputError(f"{path} is no Parquet file: {str(error).splitlines()[0]:.100}") from None
        for number, cells in enumerate(table, 1):
            yield _row(cells, f"{path.name}, row {number}")
        return
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path} is no text; expected a list in UTF-8, as .txt, .csv or .parquet.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    if kind == ".csv":
        table = enumerate(csv.DictReader(text.splitlines()), 2)
        try:
            for number, cells in table:
                yield _row(_parsed(cells, f"{path.name}, line {number}"), f"{path.name}, line {number}")
        except csv.Error as error:
            raise InputError(f"{path} is no CSV file: {error}. Expected a header, and a row for each result.") from None
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield _row({"sources": [line.strip()]}, f"{path.name}, line {number}")


def _parsed(cells: Mapping[str | None, str | list[str] | None], where: str) -> dict[str, object]:
    """Return the cells of a CSV file as values; empty cells are left out."""
    found: dict[str, object] = {}
    for name, text in cells.items():
        if name is None or text is None:
            raise InputError(f"{where}: the number of cells differs from that of the first line. Correct the list.")
        name, text = name.strip(), str(text).strip()
        if text:
            found[name] = _value(name, text, where) if name in _FIELDS else text
    if isinstance(found.get("sources"), str):
        found["sources"] = [each.strip() for each in str(found["sources"]).split(_SEPARATOR)]
    return found


def _value(name: str, text: str, where: str) -> object:
    """Return an option's value from its text."""
    option, default = option_of(_FIELDS[name]), _FIELDS[name].default
    if default is False:
        if text.lower() not in _TRUE + _FALSE:
            raise InputError(f"{where}: {name} is {text!r}; expected true or false.")
        return text.lower() in _TRUE
    try:
        if option.nargs is not None:
            return [option.parse(each.strip()) for each in text.split(_SEPARATOR)]
        return option.parse(text)
    except ValueError as error:
        hint = "" if option.nargs is None else f" Separate its values with '{_SEPARATOR}'."
        # Python's own words of int() and float()
        told = (
            "Expected a number" if "invalid literal" in str(error) or "could not convert" in str(error) else f"{error}"
        )
        raise InputError(f"{where}: {name} is {text!r}. {told.rstrip('.')}.{hint}") from None


def _row(cells: Mapping[str, object], where: str) -> Row:
    """Return the row of one line; cells that are None are left out."""
    given = {str(name): value for name, value in cells.items() if value is not None}
    sources = given.get("sources")
    if sources is None:
        columns = ", ".join(given) or "nothing"
        hint = " Separate columns by commas." if len(given) == 1 and _SEPARATOR in columns else ""
        raise InputError(
            f"{where}: sources is missing; expected the path of an image, or several. There is {columns}.{hint}"
        )
    listed = [sources] if isinstance(sources, str | Path) else list(sources) if isinstance(sources, Iterable) else []
    if not listed or not all(isinstance(each, str | Path) and str(each).strip() for each in listed):
        raise InputError(f"{where}: sources is {sources!r:.60}; expected the path of an image, or several.")
    own = tuple(_absolute(each) for each in listed)
    options = {name: value for name, value in given.items() if name not in _OWN}
    model = given.get("model")
    return _checked(
        Row(own, str(given.get("output") or _default_output(own[0])), None if model is None else str(model), options),
        where,
    )


def _checked(row: Row, where: str) -> Row:
    """Return a row with absolute paths, whose names and options are valid."""
    for name in row.options:
        if name in _OF_ALL:
            raise InputError(f"{where}: {name} is an option of the whole batch. Leave it out of the rows.")
        if name not in _FIELDS:
            known = ", ".join((*_OWN, *(each for each in _FIELDS if each not in _OF_ALL)))
            raise InputError(f"{where}: there is no column {name!r:.60}; expected some of {known}.")
    options = {
        name: _absolute_paths(value) if name in _PATHS else list(value) if isinstance(value, tuple) else value
        for name, value in row.options.items()
    }
    try:
        PredictOptions().replace(options)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
    for source in map(str, row.sources):
        if _file_name(source).lower().endswith(_OF_OBJECTS) and not is_item(source):
            raise InputError(
                f"{where}: {without_secrets(source)} is no image. Of a STAC item give the address in its catalogue, "
                "https://.../collections/.../items/..., and the option bbox or aoi."
            )
    for name in row.outputs:
        if not is_plain_name(name):
            raise InputError(f"{where}: the output is {name!r:.80}; expected a file name that ends in .tif, no folder.")
    return dataclasses.replace(row, sources=tuple(map(_absolute, row.sources)), options=options)


def is_plain_name(name: str) -> bool:
    """Return whether a result can have that name: no folder, ending .tif, not hidden, neither too long."""
    fine = not (set(name) & set("/\\\0")) and not name.startswith(".") and name.isprintable()
    try:
        short = len(name.encode()) <= _LONGEST_BYTES
    except UnicodeEncodeError:
        return False
    return fine and short and Path(name).suffix.lower() in (".tif", ".tiff")


def is_address(source: str) -> bool:
    """Return whether a source is an address or a name in one of GDAL's file systems, not a path."""
    return bool("://" in source and split_address(source).scheme) or source.startswith("/vsi")


def _absolute(source: str | Path) -> str:
    """Return a path that holds in any working folder; addresses stay as they are."""
    text = str(source)
    return text if is_address(text) else str(Path(text).absolute())


def _absolute_paths(value: object) -> object:
    if isinstance(value, str | Path):
        return _absolute(value)
    if isinstance(value, Iterable):
        return [each if each in (None, "-") else _absolute(each) for each in value]
    return value


def _default_output(source: str) -> str:
    """Return the name of a result: that of the first source, with _sr."""
    return f"{Path(_file_name(source)).stem}_sr.tif"


def _file_name(source: str) -> str:
    """Return the name of a file without its folder or address."""
    return Path(split_address(source).path if is_address(source) else source).name


def _require_distinct(rows: Sequence[Row]) -> None:
    seen: dict[str, Row] = {}
    for row in rows:
        for name in row.outputs:
            key = unicodedata.normalize("NFC", name).casefold()
            if key in seen:
                raise InputError(
                    f"Two results would be {name}: those of {seen[key].sources[0]} and {row.sources[0]}. Name them in "
                    "the column output of a CSV list."
                )
            seen[key] = row
