import pytest

from rs_srgan.inference.tally import Tally
from rs_srgan.pixels.clipping import Clipping


def test_a_result_without_data_gives_a_warning():
    (warning,) = Tally().warnings("a.tif", ("B04", "B08"), "0..1")
    assert "valid" in warning


@pytest.mark.parametrize(("change", "remedy"), [(10.0, "less than 5 DN"), (-9_000.0, "-9 DN")])
def test_shares_of_clipped_values_are_those_of_all_parts(change, remedy):
    tally = Tally()
    tally.add((60, 40), 10, Clipping(500, 50, change))
    tally.add((60, 40), 0, Clipping(500, 0, 0.0))
    (warning,) = tally.warnings("a.tif", ("B04", "B08"), "-0.1..5.5535")
    assert "a.tif: 5 % of the values are outside -0.1..5.5535 and 5 % of the result's values" in warning
    assert remedy in warning


def test_an_unclipped_result_gives_no_warning():
    tally = Tally()
    tally.add((60, 40), 0, Clipping(500))
    assert tally.warnings("a.tif", ("B04", "B08"), "0..1") == []


def test_a_band_without_data_is_named_unless_parts_were_not_counted():
    tally = Tally()
    for _ in range(2):
        tally.add((9, 0), 0, Clipping(500))
    (warning,) = tally.warnings("a.tif", ("B04", "B08"), "0..1")
    assert "B08" in warning and "B04" not in warning
    assert tally.warnings("a.tif", (), "0..1") == []
