"""Visitors, intruders and slow connections at one server, as `python -m torture load` sends them for minutes."""

from random import Random

import pytest

from torture.app_server import Target, find_sample
from torture.dawdlers import dawdling
from torture.errands import Errands
from torture.intruders import Intruder
from torture.load.crowd import Crowd
from torture.load.tally import Tally
from torture.visitors import Full, Refused


@pytest.fixture(scope="module")
def crowd(server, tmp_path_factory):
    folder = next(server.folder.glob("rs_srgan_*/lock")).parent
    crowd = Crowd(Target(server.address, folder, find_sample(server.address)), tmp_path_factory.mktemp("visitors"), 1)
    yield crowd
    crowd.close()


@pytest.fixture(scope="module")
def errands(tmp_path_factory):
    return Errands(tmp_path_factory.mktemp("errands"), Random(1))


def test_every_way_of_asking_gives_the_pixels_of_predict_also_beside_slow_connections(crowd, errands):
    visitor, image = crowd.visitor(1), errands.image(24)
    with dawdling(crowd.target.port, crowd.target.sample, 2):
        visitor.look()
        for ask in (visitor.by_program, visitor.by_http, visitor.by_page):
            ask(image)
        visitor.by_program(errands.product())


def test_a_wrong_result_and_a_refusal_are_noticed(crowd, errands):
    visitor, one, other = crowd.visitor(1), errands.image(24), errands.image(24)
    object.__setattr__(other, "result", one.result)
    with pytest.raises(AssertionError, match="pixels"):
        visitor.by_http(other)
    other.file.write_bytes(b"no image")
    for ask in (visitor.by_program, visitor.by_http, visitor.by_page):
        with pytest.raises(Refused, match="GeoTIFF") as refused:
            ask(other)
        assert not isinstance(refused.value, Full)


def test_no_attack_gets_more_than_a_refusal(crowd):
    intruder = Intruder(crowd.visitor(2), crowd.target, Random(1))
    said = [intruder.make(attack) for attack in intruder.attacks for _ in range(3)]
    assert [each for each in said if each] == []


def test_visitors_who_mix_both_are_served(crowd, errands):
    valid, hostile = Tally(), Tally()
    crowd.visit(3, [errands.image(24)], 60, 0.5, 4, valid, hostile)
    assert (valid.failures, hostile.failures) == ({}, {})
    assert valid.tried + hostile.tried == 5
