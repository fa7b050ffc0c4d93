import numpy as np
import pytest
import rasterio

from rs_srgan import InputError
from rs_srgan.pixels.windows import Window
from tests.train.data.makers import RGBN, pair_folder
from train.data import pair_agreement
from train.data.pair_agreement import UNRELATED, agreements, middle
from train.data.pair_check import compare
from train.data.pair_loader import Pair, PairLoader


@pytest.fixture
def dated(tmp_path) -> Pair:
    """Return a pair with three dates, of which the last shows another place."""
    pair_folder(tmp_path, count=1, side=384)
    dates = [tmp_path / f"{number}.tif" for number in range(3)]
    for number, path in enumerate(dates):
        path.write_bytes((tmp_path / "lr" / "place0.tif").read_bytes())
        with rasterio.open(path, "r+") as out:
            pixels = out.read()
            out.write(np.rot90(pixels, 1, (1, 2)) if number == 2 else (pixels * 0.8).astype(pixels.dtype))
    return Pair("place0", tmp_path / "hr" / "place0.tif", tuple(dates))


def test_all_dates_that_training_reads_are_compared(dated):
    found = agreements([dated], [], PairLoader(RGBN, 4, views=3))
    assert [each.name for each in found] == ["place0", "place0, 1.tif", "place0, 2.tif"]
    assert [each.correlation > 0.8 for each in found] == [True, True, False]
    assert found[2].correlation < UNRELATED
    assert [each.name for each in agreements([dated], [dated], PairLoader(RGBN, 4, views=2))] == ["place0, 1.tif"]
    assert agreements([dated], [dated], PairLoader(RGBN, 4)) == []


def test_a_wrong_date_is_named_in_a_warning_and_a_wrong_first_date_is_refused(dated, caplog):
    compare([dated], PairLoader(RGBN, 4, views=3))
    assert "1 of 2 further dates do not correlate with HR: place0, 2.tif (" in caplog.text
    wrong = Pair("place0", dated.hr, dated.lr[2:])
    with pytest.raises(InputError, match="place0"):
        compare([wrong], PairLoader(RGBN, 4))


def test_dates_without_data_are_left_out(dated):
    with rasterio.open(dated.lr[1], "r+") as out:
        out.nodata = 0
        out.write(np.zeros_like(out.read()))
    found = agreements([dated], [], PairLoader(RGBN, 4, views=2))
    assert [each.name for each in found] == ["place0"]


def test_of_very_many_pairs_some_are_left_out_with_a_warning(dated, monkeypatch, caplog):
    monkeypatch.setattr(pair_agreement, "MOST_PAIRS", 2)
    pairs = [Pair(f"place{number}", dated.hr, dated.lr[:1]) for number in range(5)]
    assert len(agreements(pairs, [], PairLoader(RGBN, 4))) == 2
    assert "3 of 5 pairs are not compared" in caplog.text


def test_the_middle_is_limited():
    assert middle((100, 40), 50) == Window(25, 0, 50, 40)
