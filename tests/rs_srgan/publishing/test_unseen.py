import pytest

from rs_srgan.publishing.unseen import counted_sites, unseen_sentences


@pytest.mark.parametrize(
    ("unseen", "expected"),
    [
        ({"a": True, "b": True}, "Training did not use these sites."),
        ({"a": False}, "Training used these sites."),
        ({"a": None, "b": None}, ""),
        ({}, ""),
        ({"a": True, "b": None}, 'Training did not use the sites of "a".'),
        ({"a": True, "b": False}, 'Training did not use the sites of "a". Training used the sites of "b".'),
    ],
)
def test_sentences_claim_only_what_was_stated(unseen, expected):
    assert unseen_sentences(unseen) == expected


def test_sites_are_counted():
    assert [counted_sites(1, None), counted_sites(2, True), counted_sites(2, False)] == [
        "1 site",
        "2 unseen sites",
        "2 sites",
    ]
