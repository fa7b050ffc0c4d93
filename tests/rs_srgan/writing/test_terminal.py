import os
from concurrent.futures import ThreadPoolExecutor

from rs_srgan.writing.terminal import without_lines


def test_only_what_begins_so_is_dropped(capfd):
    with without_lines(b"_tiff"):
        os.write(2, b"one\n_tiffWriteProc: File too large.\ntwo")
    os.write(2, b"\n_tiff three")
    assert capfd.readouterr().err == "one\ntwo\n_tiff three"


def test_two_threads_do_not_wait_for_each_other(capfd):
    def write_within():
        with without_lines(b"_tiff"):
            os.write(2, b"_tiff one\n")

    with without_lines(b"_tiff"), ThreadPoolExecutor(1) as pool:
        pool.submit(write_within).result()
        os.write(2, b"_tiff two\n")
    os.write(2, b"_tiff three\n")
    assert capfd.readouterr().err == "_tiff three\n"
