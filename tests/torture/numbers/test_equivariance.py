import pytest
import torch

from torture.deadline import NEVER
from torture.numbers.equivariance import flip_and_turn, move, scale_brightness, turned


@pytest.mark.parametrize("attack", [move, flip_and_turn, scale_brightness])
def test_moved_turned_and_brighter_images_give_such_results(attack):
    assert [row.found for row in attack(seed=3, quick=True, until=NEVER)] == [()]


def test_the_ways_are_the_seven_flips_and_turns():
    image = torch.arange(6.0).view(1, 2, 3)
    ways = {(tuple(turned(image, way).shape), tuple(turned(image, way).flatten().tolist())) for way in range(8)}
    assert len(ways) == 8
