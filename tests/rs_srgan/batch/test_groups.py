import pytest

from rs_srgan.batch.groups import group
from rs_srgan.inference.scene import in_order
from rs_srgan.pixels.windows import plan_tiles

PARTS = in_order(plan_tiles(1100, 1300, 100, 7))


@pytest.mark.parametrize("workers", [1, 3, 100])
@pytest.mark.parametrize("done", [0, 17, len(PARTS)])
def test_groups_hold_every_wanted_tile_once_and_one_shape_of_windows(workers, done):
    groups = group(PARTS, range(done, len(PARTS)), workers)
    assert sorted(index for numbers in groups for index in numbers) == list(range(done, len(PARTS)))
    for numbers in groups:
        assert len({(PARTS[index].window.height, PARTS[index].window.width) for index in numbers}) == 1
    assert len(groups) >= min(workers, len(PARTS) - done)


def test_scenes_that_are_expensive_to_open_stay_together():
    assert [list(numbers) for numbers in group(PARTS, {3, 1, 2}, 8, together=True)] == [[1, 2, 3]]
    assert not group(PARTS, set(), 8, together=True)
