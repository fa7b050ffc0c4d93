import re
import sys
from importlib import import_module
from types import ModuleType

import pytest

from torture.__main__ import PARTS, main
from torture.deadline import Deadline
from torture.row import Row
from torture.table import PAGE


@pytest.fixture
def parts(monkeypatch):
    """Make parts of functions: `parts(NAME, function)`."""

    def add(name, function):
        module = ModuleType(f"made_up_{name}")
        module.run = function
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(PARTS, name, (module.__name__, 1.0))

    return add


def test_a_part_gets_seed_and_length_and_its_failures_decide_the_exit_code(parts, capsys):
    parts("well", lambda seed, quick, until: [Row("well", f"{seed} {quick}", 1, 1, (), 0)])
    parts("ill", lambda seed, quick, until: [Row("ill", "zip", 1, 0, ("input 3",), 0)])
    assert main(["well", "--seed", "7", "--quick"]) == 0
    assert "7 True" in capsys.readouterr().out
    assert main(["well", "ill"]) == 1
    assert "input 3" in capsys.readouterr().out


def test_a_part_that_breaks_does_not_stop_the_others(parts, capsys):
    parts("broken", lambda seed, quick, until: 1 / 0)
    parts("well", lambda seed, quick, until: [Row("well", "zip", 1, 1, (), 0)])
    assert main(["broken", "well"]) == 1
    shown = capsys.readouterr().out
    assert "ZeroDivisionError" in shown and "well" in shown


def test_all_parts_together_end_within_half_an_hour(parts, capsys):
    assert sum(minutes for _, minutes in PARTS.values()) <= 27
    parts("well", lambda seed, quick, until: [Row("well", "zip", int(until.left), 1, (), 0)])
    main(["well"])
    assert "59" in capsys.readouterr().out


def test_without_time_no_part_begins_an_attempt():
    for part in ("fuzz", "faults", "numbers"):
        rows = import_module(PARTS[part][0]).run(1, True, Deadline.after(0))
        assert rows and all(row.tried == 0 and row.planned != 0 for row in rows), part


def test_an_unknown_part_is_named_with_those_that_there_are(capsys):
    with pytest.raises(SystemExit):
        main(["fuz"])
    shown = capsys.readouterr().err
    assert "fuz" in shown and all(part in shown for part in PARTS)


def test_every_part_has_a_place_on_the_page():
    blocks = re.findall(r"^<!-- torture (\w+) -->$", PAGE.read_text(encoding="utf-8"), re.M)
    assert blocks == list(PARTS)
