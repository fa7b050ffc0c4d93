"""Odd values: numbers at the edges of their types, texts that programs stumble over, and changes of bytes and trees."""

import copy
import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

# Integers at the edges of 8, 16, 32 and 64 bits, and of the sizes that programs allow.
INTEGERS = (
    *(0, 1, 2, 3, 7, 8, 15, 16, 255, 256, 4095, 10_980, 65_535, 65_536, 100_000, 10_000_000),
    *(2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**400),
    *(-1, -2, -128, -32_768, -(2**31), -(2**63), -(10**400)),
)
FLOATS = (
    0.0,
    -0.0,
    1e-320,
    1e-30,
    0.5,
    0.99,
    1e9,
    1e38,
    3.5e38,
    1e300,
    -1e300,
    float("nan"),
    float("inf"),
    -float("inf"),
)
TEXTS = (
    *(
        "",
        " ",
        "\0",
        "a\0b",
        "\n",
        "line\nline",
        "\r",
        "\x1b[31mred\x1b[0m",
        "\ufeff",
        "\u202egnp.exe",
        "\ud800",
        "é" * 300,
    ),
    *(
        "../../etc/passwd",
        "/etc/passwd",
        "C:\\Windows",
        "/vsicurl/http://127.0.0.1:9/x.tif",
        "http://127.0.0.1:9/",
        "-",
        "--help",
    ),
    *(
        "nan",
        "inf",
        "-inf",
        "1e999",
        "0x10",
        "1_000",
        "٣",
        "1,5",
        "None",
        "null",
        "true",
        "{}",
        "[]",
        "%s%n",
        "$HOME",
        "~",
        "*",
    ),
    *(
        "' OR 1=1",
        "<b>",
        "&amp;",
        "&lt;!ENTITY",
        "__class__",
        "A" * 10_000,
        "B04",
        "EPSG:0",
        "EPSG:999999",
        "2024-02-30",
    ),
)
_ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    [None],
    {"": ""},
    {"type": "x"},
    *INTEGERS,
    *FLOATS,
    *TEXTS,
)


def odd_value(random: Random) -> Any:  # noqa: ANN401
    """Return any odd JSON value; sometimes a list or table of many, or one deep inside others."""
    value = random.choice(_ODD_VALUES)
    if random.random() < 0.05:
        return [value] * random.choice((2, 100, 20_000))
    if random.random() < 0.05:
        for _ in range(random.choice((10, 300))):
            value = [value] if random.random() < 0.5 else {"a": value}
    return copy.deepcopy(value) if isinstance(value, list | dict) else value


def changed_bytes(random: Random, data: bytes, times: int | None = None) -> bytes:
    """Return bytes with some of them flipped, replaced, removed, repeated, or cut off at the end."""
    out = bytearray(data)
    for _ in range(times or random.choice((1, 1, 2, 4, 16))):
        at = random.randrange(len(out) + 1)
        some = random.choice((1, 2, 4, 8, 64, 1000))
        change = random.randrange(7)
        if change == 0 and at < len(out):
            out[at] ^= 1 << random.randrange(8)
        elif change == 1:
            out[at : at + some] = random.randbytes(some)
        elif change == 2:
            out[at : at + some] = bytes([random.choice((0, 255, 32, 10))]) * some
        elif change == 3:
            del out[at : at + some]
        elif change == 4:
            out[at:at] = out[at : at + some] * random.choice((1, 2, 20))
        elif change == 5 and random.random() < 0.3:
            del out[at:]
        elif change == 6:
            width, order = random.choice((2, 4, 8)), random.choice(("little", "big"))
            number = random.choice(INTEGERS) & (256**width - 1)
            out[at : at + width] = number.to_bytes(width, order)
    return bytes(out)


def changed_tree(random: Random, tree: Any, odd: Callable[[Random], Any] = odd_value) -> Any:  # noqa: ANN401
    """Return a JSON value with one to four changes: values replaced, removed, doubled, renamed, moved or wrapped."""
    root = [copy.deepcopy(tree)]
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        holder, key = random.choice(list(_places(root)))
        change = random.randrange(9)
        if change <= 4 or holder is root:
            holder[key] = odd(random)
        elif change == 5:
            del holder[key]
        elif change == 6 and isinstance(holder, dict):
            name = random.choice((str(key).upper(), f"{key} ", f"{key}x", *TEXTS[:12]))
            holder[name] = holder.pop(key)
        elif change == 7:
            holder[key] = [holder[key]] * random.choice((1, 2, 50))
        else:
            other, name = random.choice(list(_places(root)))
            holder[key] = copy.deepcopy(other[name])
    return root[0]


def _places(node: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401
    """Yield each table or list with each of its keys, however deep, at most some thousands."""
    waiting, left = [node], 4000
    while waiting and left:
        node = waiting.pop()
        for key in list(node if isinstance(node, dict) else range(len(node))):
            left -= 1
            yield node, key
            if isinstance(node[key], dict | list):
                waiting.append(node[key])


def json_bytes(random: Random, tree: Any) -> bytes:  # noqa: ANN401
    """Return a value as JSON, mostly in UTF-8; sometimes in another encoding, cut, doubled, or with odd literals."""
    text = json.dumps(tree, ensure_ascii=random.random() < 0.7)
    change = random.random()
    if change < 0.05:
        text = text.replace("0", random.choice(("1e999", "-", "00", "NaN", "9" * 5000, "Infinity")), 1)
    elif change < 0.08:
        depth = random.choice((500, 5000, 200_000))
        text = "[" * depth + text + "]" * random.choice((0, depth))
    elif change < 0.11:
        text = text[: random.randrange(len(text) + 1)]
    elif change < 0.13:
        text = text.replace(",", f",{random.choice(TEXTS)!r},", 1)
    elif change < 0.15:
        text += text
    encoding = random.choice(("utf-8",) * 12 + ("utf-8-sig", "utf-16", "latin-1", "utf-7"))
    data = text.encode(encoding, "surrogatepass" if encoding.startswith("utf-8") else "replace")
    return changed_bytes(random, data) if random.random() < 0.15 else data
