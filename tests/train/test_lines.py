import math

import pytest
import torch

from train.lines import averaged_along, changes, lines_of


def distance(angle: float, side: int = 64) -> torch.Tensor:
    """Return the distance of each pixel to a line through the middle; `angle` is from the rows' axis, degrees."""
    rows, cols = (torch.arange(side) - side / 2 for _ in range(2))
    turned = math.radians(angle)
    return rows[:, None] * math.cos(turned) - cols[None] * math.sin(turned)


def line(angle: float) -> torch.Tensor:
    """Return a bright line through the middle, reflectance, (1, 4, 64, 64)."""
    return (0.08 + 0.1 * torch.exp(-((distance(angle) / 2) ** 2))).expand(1, 4, -1, -1)


@pytest.mark.parametrize("angle", [0, 20, 45, 90, 135])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_line_is_found_with_its_direction_and_even_ground_is_none(angle, sign):
    strength, direction = lines_of(0.2 + sign * line(angle))
    on_line = distance(angle).abs() < 1
    assert strength[0, 0, on_line].min() > 0.8
    assert strength[0, 0, distance(angle).abs() > 20].max() < 0.01
    expected = torch.tensor([math.sin(math.radians(angle)), math.cos(math.radians(angle))])
    along = (direction[0, :, on_line].T @ expected).abs()  # a line has two directions
    assert along.min() > 0.99


def test_noise_has_no_lines():
    torch.manual_seed(0)
    strength, _ = lines_of(0.1 + 0.01 * torch.randn(1, 4, 96, 96))
    assert strength.mean() < 0.1


def test_changes_are_those_of_a_ramp():
    ramp = torch.arange(8.0)[None, None, :, None] * 2 + torch.arange(8.0) * 3
    rows, cols = changes(ramp)
    assert rows.shape == cols.shape == ramp.shape
    assert (rows[..., 1:-1, :] == 2).all()
    assert (cols[..., 1:-1] == 3).all()


@pytest.mark.parametrize("angle", [0, 30, 90])
def test_a_mean_along_lines_keeps_what_is_even_and_removes_beads(angle):
    turned = math.radians(angle)
    direction = torch.tensor([math.sin(turned), math.cos(turned)])[None, :, None, None].expand(1, 2, 64, 64)
    inner = (..., slice(16, 48), slice(16, 48))
    even = line(angle)
    torch.testing.assert_close(averaged_along(even, direction, 8)[inner], even[inner], rtol=0, atol=5e-3)
    position = distance(angle + 90)  # along the line
    beads = 0.05 * torch.cos(2 * math.pi * position / 4).expand(1, 4, -1, -1)
    assert averaged_along(beads, direction, 8)[inner].abs().max() < 0.1 * beads.abs().max()


def test_a_mean_over_no_pixels_changes_nothing():
    image, direction = torch.rand(2, 4, 16, 12), torch.rand(2, 2, 16, 12)
    torch.testing.assert_close(averaged_along(image, direction, 0), image)
