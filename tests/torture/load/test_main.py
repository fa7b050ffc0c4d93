import pytest

from torture.load.__main__ import main


def test_minutes_are_a_number(capsys):
    with pytest.raises(SystemExit):
        main(["--minutes", "many"])
    assert "many" in capsys.readouterr().err
