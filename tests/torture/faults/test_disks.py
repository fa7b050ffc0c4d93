import os

import pytest

from torture.faults import disks
from torture.faults.disks import fill_disks, lose_folders


def test_a_full_disk_costs_no_pixel(cases):
    assert all(row.found == () for row in fill_disks(cases, seed=3, quick=True))


def test_a_lost_folder_costs_no_pixel(cases):
    rows = lose_folders(cases, seed=3, quick=True)
    assert [row.found for row in rows] == [()]


def test_a_folder_that_this_process_may_write_all_the_same_is_not_tried(cases, monkeypatch):
    monkeypatch.setattr(disks, "let_write", lambda folder, allowed: None)  # as for root, where chattr does nothing
    folder = cases.attempt("probe without effect")
    assert not disks.can_forbid(folder)
    (folder / "probe").unlink()


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_folder_that_was_forbidden_can_be_written_again(cases):
    folder = cases.attempt("probe")
    disks.can_forbid(folder)
    (folder / "other").touch()
