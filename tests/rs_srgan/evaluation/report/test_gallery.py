import dataclasses
import math

import numpy as np
import pytest

from rs_srgan.evaluation.images import Case
from rs_srgan.evaluation.protocol import BORDER_HR_PX, Restored
from rs_srgan.evaluation.report.gallery import SIDE_PX, Gallery, cut, random_sources
from rs_srgan.evaluation.scored import Scored
from rs_srgan.evaluation.sources import Source
from rs_srgan.figures.scores import Scores


def scored(name, gain, side=20, reference=True):
    fine = np.arange((4 * side) ** 2, dtype=np.float32).reshape(1, 4 * side, 4 * side)
    coarse = fine[:, ::4, ::4]
    case = Case(name, "site", coarse, fine if reference else None, None, (0.2,), 1.0)
    scores = {"bicubic": Scores(sensor=1), "back_projection": Scores(psnr_db=30), "model": Scores(psnr_db=30 + gain)}
    if not reference:
        scores["model"] = Scores(sensor=1 - gain)
    return Scored(case, Restored(fine, fine, fine), scores, coarse, fine[0] if reference else None)


def roles(gallery):
    return [(picture.role, picture.scored.case.name) for picture in gallery.pictures()]


@pytest.mark.parametrize("reference", [True, False])
def test_random_images_the_best_and_the_worst_are_shown(reference):
    gallery = Gallery({"b"})
    for name, gain in (("a", 0.1), ("b", 0.3), ("c", 0.5), ("d", 0.2)):
        gallery.keep(name, cut(scored(name, gain, reference=reference), 4))
    assert roles(gallery) == [("random", "b"), ("best", "c"), ("worst", "a")]


def test_the_best_and_the_worst_are_chosen_by_the_method_with_the_same_guide():
    gallery = Gallery(set())
    for name, gain, more in (("a", 5.0, 4.9), ("b", 3.0, 1.0)):
        image = scored(name, gain)
        image.scores["glp"] = Scores(psnr_db=30 + more)
        gallery.keep(
            name, cut(dataclasses.replace(image, restored=dataclasses.replace(image.restored, glp=image.seen)), 4)
        )
    assert roles(gallery) == [("best", "b"), ("worst", "a")]


def test_no_image_is_shown_twice():
    gallery = Gallery({"a"})
    for window, gain in (("a [0, 0]", 0.3), ("a [0, 9]", 0.1)):
        gallery.keep("a", cut(scored(window, gain), 4))
    assert roles(gallery) == [("random, best", "a [0, 0]"), ("worst", "a [0, 9]")]
    alone = Gallery(set())
    alone.keep("a", cut(scored("a", 0.1), 4))
    assert roles(alone) == [("best, worst", "a")]


def test_an_image_without_data_in_its_centre_is_not_shown():
    gallery = Gallery({"a"})
    hole = scored("a", 0.9)
    hole.case.hr[:, 16:-16, 16:-16] = np.nan
    gallery.keep("a", cut(hole, 4))
    gallery.keep("b", cut(scored("b", math.nan), 4))
    assert roles(gallery) == []
    gallery.keep("c", cut(scored("c", 0.1), 4))
    assert roles(gallery) == [("best, worst", "c")]


def test_random_images_are_of_different_sites_and_the_same_for_a_seed():
    sources = [Source(f"{site}{date}", site, None) for site in "abcdef" for date in range(5)]
    chosen = random_sources(sources, 4, seed=3)
    assert len({name[0] for name in chosen}) == 4
    assert chosen == random_sources(sources, 4, seed=3)
    assert any(chosen != random_sources(sources, 4, seed=seed) for seed in range(5))
    assert len({name[0] for name in random_sources(sources, 99, seed=3)}) == 6


@pytest.mark.parametrize("side", [20, 120])
def test_the_centre_is_cut_from_all_arrays_on_one_grid(side):
    part = cut(scored("a", 0, side), 4)
    expected = min(SIDE_PX, 4 * side - 2 * BORDER_HR_PX)
    hr = part.case.hr
    assert hr.shape == (1, expected, expected)
    np.testing.assert_array_equal(part.case.lr, hr[:, ::4, ::4])
    np.testing.assert_array_equal(part.seen, part.case.lr)
    np.testing.assert_array_equal(part.classes, hr[0])
    assert hr[0, 0, 0] == (4 * side - expected) // 2 * (4 * side + 1)
