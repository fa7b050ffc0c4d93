"""The tests that docs/app.md names exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "app.md").read_text(encoding="utf-8")


def test_every_promise_names_tests_that_exist():
    (table,) = re.findall(r"^## What stopped visitors.*", PAGE, re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| (?!finding|---).*\|$", table, re.MULTILINE)
    named = [re.findall(r"`([\w/]+\.py)`", row) for row in rows]
    assert len(rows) > 20 and all(named)
    files = {name for row in named for name in row}
    assert [name for name in files if not (ROOT / "tests" / "app" / name).exists() and not (ROOT / name).exists()] == []


def test_each_word_of_a_choice_of_tests_finds_one():
    chosen = re.findall(r"pytest .*?(tests/\S+\.py) -k \"(.+?)\"", PAGE)
    assert chosen
    for file, words in chosen:
        tests = re.findall(r"^def (test_\w+)", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
        assert [word for word in words.split(" or ") if not any(word in test for test in tests)] == []
