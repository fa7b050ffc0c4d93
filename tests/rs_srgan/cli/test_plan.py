import json

from rs_srgan.cli.main import main


def test_plan_prints_every_line_with_its_kind(capsys):
    assert main(["plan", "--tiles", "1000", "--nodes", "4", "--cores", "16"]) == 0
    text = capsys.readouterr().out
    assert main(["plan", "--tiles", "1000", "--nodes", "4", "--cores", "16", "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)
    assert len(text.splitlines()) == len(lines)
    for line, each in zip(text.splitlines(), lines, strict=True):
        assert line.startswith(each["name"])
        assert each["value"] in line and each["kind"] in line
    assert {each["kind"] for each in lines} == {"given", "measured", "extrapolated", "assumed"}
    assert any("million km²" in each["name"] for each in lines)


def test_a_plan_without_sense_exits_with_2(capsys):
    assert main(["plan", "--tiles", "-1"]) == 2
    assert "tiles" in capsys.readouterr().err
