"""Crowds visit a real server in tests/app/end_to_end/test_load.py."""

from torture.load.tally import Tally


def test_a_visitor_stays_the_same(crowd):
    assert crowd.visitor(1) is crowd.visitor(1)
    assert crowd.visitor(1) is not crowd.visitor(2)


def test_a_visit_counts_every_request(crowd):
    valid, attacks = Tally(), Tally()
    crowd.visit(1, [], 60, 1.0, 5, valid, attacks)
    assert (valid.tried, valid.right, attacks.tried) == (1, 0, 5)


def test_after_its_time_a_visitor_asks_no_more(crowd):
    valid, attacks = Tally(), Tally()
    crowd.visit(1, [], -1, 1.0, 5, valid, attacks)
    assert (valid.tried, attacks.tried) == (1, 0)
