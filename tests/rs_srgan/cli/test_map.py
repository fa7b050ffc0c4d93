from importlib.util import find_spec

import pytest

from rs_srgan.cli.main import main
from tests.conftest import scene_dn

pytestmark = pytest.mark.skipif(find_spec("leafmap") is None, reason="needs the extra maps")


def test_map_writes_one_page_and_never_replaces_what_it_reads(write_tif, tmp_path, capsys):
    source, target = write_tif(scene_dn(20, 24), nodata=0), tmp_path / "map.html"
    assert main(["map", str(source), str(source), "-o", str(target), "--names", "LR", "it's"]) == 0
    assert capsys.readouterr().out == f"{target}\n"
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    before = source.read_bytes()
    for wrong, word in (
        (["-o", str(target)], "exists"),
        (["-o", str(source), "--overwrite"], ".html"),
        (["-o", str(tmp_path / "no" / "map.html")], "exist"),
        (["-o", str(tmp_path / "b.html"), "--bands", "B04,B03"], "bands"),
        (["-o", str(tmp_path / "b.html"), "--bbox", "1", "2", "3", "4"], "outside"),
    ):
        assert main(["map", str(source), str(source), *wrong]) == 2
        error = capsys.readouterr().err
        assert word in error and error.count("\n") == 1
    assert source.read_bytes() == before and sorted(path.name for path in tmp_path.glob("*.html")) == ["map.html"]
