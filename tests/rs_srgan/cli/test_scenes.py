import json

import pytest

from rs_srgan.cli.main import main
from tests.rs_srgan.catalogues.products import add_item, box_of, land
from tests.rs_srgan.catalogues.server import StacLookalike

pytest.importorskip("pystac_client")


@pytest.fixture
def stac(tmp_path):
    server = StacLookalike(tmp_path / "images")
    for day in ("2024-07-14", "2024-07-19"):
        server.items.append(add_item(server.images, server.url, land(300, 300), day=day))
    yield server
    server.stop()


def words(stac, *more):
    box = [str(each) for each in box_of(stac.items[0], 100, 100, 100, 100)]
    return ["scenes", f"stac:{stac.url}", "--collection", "sentinel-2-c1-l2a", "--bbox", *box, *more]


def test_a_table_lists_the_scenes(stac, capsys):
    assert main(words(stac, "--dates", "2024-07")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and lines[0].startswith("date") and lines[1].startswith("2024-07-19")
    assert "100 %" in lines[1] and "33TWL" in lines[1]


def test_json_states_the_same_and_a_picture_is_written(stac, capsys, tmp_path):
    pytest.importorskip("PIL")
    assert main(words(stac, "--dates", "2024-07-14", "--json", "--picture", str(tmp_path / "sheet.png"))) == 0
    (scene,) = json.loads(capsys.readouterr().out)
    assert (scene["tile"], scene["cloud"], scene["baseline"]) == ("33TWL", 0, "05.10")
    assert (tmp_path / "sheet.png").is_file()


def test_nothing_found_is_a_wrong_request_in_one_line(stac, capsys):
    assert main(words(stac, "--dates", "2023-01")) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "days" in error
