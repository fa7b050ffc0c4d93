import signal

from torture.faults.processes import Running, run_to_end


def test_code_and_words_of_a_process_come_back(tmp_path):
    ended = run_to_end(["inspect", "no-such.tif"], tmp_path / "words.txt")
    assert ended.code == 2
    assert "no-such.tif" in ended.words and ended.is_plain


def wait_for_ever():
    while True:
        signal.pause()


def test_a_process_that_hangs_is_killed(tmp_path):
    running = Running(["models"], tmp_path / "words.txt", [wait_for_ever])
    assert not running.wait(0.01)
    assert running.end(seconds=0.01).code is None


def test_a_signal_arrives(tmp_path):
    running = Running(["models"], tmp_path / "words.txt", [wait_for_ever])
    running.send(signal.SIGKILL)
    assert running.end().code == -signal.SIGKILL
