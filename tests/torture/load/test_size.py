from torture.load.size import QUICK, Size


def test_a_quick_run_asks_for_less():
    assert QUICK.clients < Size().clients == 50
    assert QUICK.seconds < Size().seconds
