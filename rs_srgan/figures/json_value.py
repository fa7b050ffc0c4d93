"""Values of a JSON file, checked as they are read."""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from rs_srgan.errors import InputError


@dataclass(frozen=True)
class JsonValue:
    """A value in a JSON file, which knows where it stands: every error names the file, the key and the expectation.

    Attributes:
        value: the value as `json.loads` gives it.
        path: the file.
        keys: the keys that lead to the value, from the top of the file; none for the whole file.
    """

    value: object
    path: Path
    keys: tuple[str, ...] = ()

    @classmethod
    def of_file(cls, path: Path) -> "JsonValue":
        """Read a JSON file.

        Raises:
            InputError: the file is not JSON.
        """
        try:
            return cls(json.loads(path.read_text(encoding="utf-8")), path)
        except ValueError as error:
            raise InputError(f"{path} is not JSON ({error}).") from None

    def __getitem__(self, key: str) -> "JsonValue":
        """Return the value of a key.

        Raises:
            InputError: this is not an object, or it does not have the key.
        """
        content = self._object()
        if key not in content:
            raise InputError(f"{self.path}: {'.'.join((*self.keys, key))} is missing.")
        return JsonValue(content[key], self.path, (*self.keys, key))

    def get(self, key: str) -> "JsonValue | None":
        """Return the value of a key; None where the object does not have the key, or where its value is null."""
        content = self._object()
        return None if content.get(key) is None else self[key]

    def only(self, known: Iterable[str]) -> "JsonValue":
        """Check that an object has no other keys, and return it.

        Args:
            known: the keys that the object may have.

        Raises:
            InputError: this is not an object, or it has another key.
        """
        allowed = list(known)
        for key in self._object():
            if key not in allowed:
                name = ".".join((*self.keys, key))
                raise InputError(f"{self.path}: {name} is not known; expected one of {', '.join(allowed) or 'none'}.")
        return self

    def items(self) -> Iterator[tuple[str, "JsonValue"]]:
        """Yield the keys of an object with their values.

        Raises:
            InputError: this is not an object.
        """
        for key in self._object():
            yield key, self[key]

    def text(self, among: Sequence[str] = ()) -> str:
        """Return a text.

        Args:
            among: the texts that are allowed; empty for any.

        Raises:
            InputError: the value is not a text, or not one of `among`.
        """
        if not isinstance(self.value, str):
            self.fail("text")
        if among and self.value not in among:
            self.fail(f"one of {', '.join(among)}")
        return self.value

    def flag(self) -> bool:
        """Return true or false.

        Raises:
            InputError: the value is neither.
        """
        if not isinstance(self.value, bool):
            self.fail("true or false")
        return self.value

    def number(self, null: float | None = None) -> float:
        """Return a number.

        Args:
            null: the number that null stands for; None to refuse null.

        Raises:
            InputError: the value is not a number.
        """
        if self.value is None and null is not None:
            return null
        if not isinstance(self.value, int | float) or isinstance(self.value, bool):
            self.fail("a number")
        return float(self.value)

    def numbers(self, count: int | None = None) -> tuple[float, ...]:
        """Return a list of numbers; null in it becomes NaN.

        Args:
            count: how many numbers there have to be; None for any.

        Raises:
            InputError: the value is not a list of numbers, or has another length.
        """
        if not isinstance(self.value, list) or (count is not None and len(self.value) != count):
            self.fail("a list of numbers" if count is None else f"a list of {count} numbers")
        keys = (*self.keys[:-1], f"{self.keys[-1]}[]") if self.keys else ()
        return tuple(JsonValue(each, self.path, keys).number(null=math.nan) for each in self.value)

    def fail(self, expected: str) -> NoReturn:
        """Raise the error that says what the value should be.

        Raises:
            InputError: always.
        """
        name = ".".join(self.keys) or "the content"
        raise InputError(f"{self.path}: {name} is {json.dumps(self.value):.60}; expected {expected}.")

    def _object(self) -> dict[str, object]:
        if not isinstance(self.value, dict):
            self.fail("an object with keys")
        return self.value


def rounded(value: float, digits: int = 6) -> float | None:
    """Round a number to so many significant digits; None, JSON's null, for NaN and infinity, which JSON lacks."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None
