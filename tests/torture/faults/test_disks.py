from torture.faults.disks import fill_disks, lose_folders


def test_a_full_disk_costs_no_pixel(cases):
    assert all(row.found == () for row in fill_disks(cases, seed=3, quick=True))


def test_a_lost_folder_costs_no_pixel(cases):
    rows = lose_folders(cases, seed=3, quick=True)
    assert [row.found for row in rows] == [()]
