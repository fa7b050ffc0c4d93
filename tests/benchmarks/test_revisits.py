import pytest

from benchmarks.revisits import BICUBIC, CLASSIC, Result, report, track_figures


@pytest.fixture
def result():
    """Make the result of one model on two sites, with one and two views."""
    result = Result()
    for method, psnr in ((BICUBIC, 30.0), (CLASSIC, 31.0), ("m", 32.0)):
        for count in (1, 2):
            for site, more in (("dell", 0.0), ("moor", 1.0)):
                result.psnr_db[method][count][site] = psnr + more + (count - 1) * (0.5 if method == "m" else 0)
    result.errors += [0.01, 0.01, 0.01]
    return result


def test_figures_of_a_track_are_of_unseen_sites(result):
    track = track_figures(result, "m", "A")
    assert track.unseen is True
    assert track.mean["bicubic"] == {1: 30.5, 2: 30.5}
    assert track.mean["model"] == {1: 32.5, 2: 33.0}
    assert track.sites == {"dell": {1: 32.0, 2: 32.5}, "moor": {1: 33.0, 2: 33.5}}
    assert track.shift_error_px == pytest.approx((0.01, 0.01))
    assert (track.dataset, track_figures(result, "m", "NAIP").dataset) == ("sentinel-2", "naip")


def test_the_table_names_the_least_gain(result):
    text = report(result, {"m": None}, "a title")
    assert "unseen sites: 2" in text
    assert "32.50 | 33.00 |" in text
    assert "The least gain of m is +0.50 dB, on dell with 2 views." in text
