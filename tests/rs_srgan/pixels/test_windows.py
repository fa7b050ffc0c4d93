import numpy as np
import pytest

from rs_srgan.errors import InputError
from rs_srgan.pixels.windows import Window, crop_replicated, plan_tiles, spread, spread_windows


@pytest.mark.parametrize(("height", "width", "tile"), [(1, 1, 512), (7, 5, 3), (64, 64, 64), (65, 63, 64), (10, 3, 1)])
def test_cores_cover_every_pixel_once_and_windows_add_the_halo(height, width, tile):
    covered = np.zeros((height, width), int)
    for part in plan_tiles(height, width, tile, halo=4):
        covered[part.core.slices] += 1
        assert part.window == part.core.grown(4)
        assert part.core.height <= tile
        assert part.core.width <= tile
    assert (covered == 1).all()


def test_a_tile_size_of_0_is_refused():
    with pytest.raises(InputError, match="tile"):
        list(plan_tiles(8, 8, 0, 2))


@pytest.mark.parametrize(
    "window", [Window(-3, -2, 9, 8), Window(2, 3, 9, 9), Window(0, 0, 5, 6), Window(-50, -50, 105, 106)]
)
def test_border_pixels_are_repeated_outside_the_image(window):
    image = np.random.default_rng(0).uniform(size=(2, 5, 6))
    rows = np.clip(np.arange(window.row, window.row + window.height), 0, 4)
    cols = np.clip(np.arange(window.col, window.col + window.width), 0, 5)
    np.testing.assert_array_equal(crop_replicated(image, window), image[:, rows][:, :, cols])


def test_scaled_windows_of_neighbours_touch():
    left, right = Window(0, 0, 3, 5), Window(0, 5, 3, 2)
    assert left.scaled(4).col + left.scaled(4).width == right.scaled(4).col


@pytest.mark.parametrize("side", [256, 300, 1100, 2048, 5000, 10_980])
@pytest.mark.parametrize("step", [256, 700, 1024])
def test_windows_are_spread_evenly_and_stay_inside_one_block(side, step):
    starts = spread(side, 256, step)
    assert starts == sorted(starts)
    assert starts[0] == 0 and starts[-1] == side - 256
    assert max(np.diff(starts), default=0) <= step + 256
    assert all((start - 8) // 1024 == (start + 263) // 1024 for start in starts[1:-1])


@pytest.mark.parametrize(("height", "width"), [(1, 5000), (200, 300), (256, 1024), (4000, 10_980)])
def test_few_windows_are_spread_over_the_whole_image(height, width):
    windows = spread_windows(height, width, side=256, most=4)
    assert {(each.height, each.width) for each in windows} == {(min(256, height), min(256, width))}
    for length, starts in ((height, {each.row for each in windows}), (width, {each.col for each in windows})):
        assert len(starts) <= 4
        assert min(starts) == 0 and max(starts) == max(0, length - 256)
    assert len({(each.row, each.col) for each in windows}) == len(windows)
