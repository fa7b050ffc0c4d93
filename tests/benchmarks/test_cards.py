import pytest

from benchmarks.cards import write_windows
from rs_srgan.models.catalogue import catalogue
from rs_srgan.publishing.card import CARD_FILE, render


@pytest.mark.parametrize("name", list(catalogue()))
def test_no_card_is_stale(name):
    folder = catalogue()[name].folder
    assert (folder / CARD_FILE).read_text() == render(folder), "run python -m benchmarks.cards"


def test_the_sample_is_cut_into_windows(tmp_path):
    write_windows(tmp_path, 96)
    assert len(list(tmp_path.glob("sample_*.tif"))) == 9
