import random

import pytest

from torture.faults.damage import damage_leftovers, damaged


def test_a_corrupt_note_leads_to_no_wrong_pixel(cases):
    assert [row.found for row in damage_leftovers(cases, seed=3, quick=True)] == [()]


@pytest.mark.slow
def test_a_corrupt_cached_model_leads_to_no_wrong_pixel(cases):
    """Starts the command six times: pytest -m slow tests/torture/faults/test_damage.py."""
    assert [row.found for row in damage_leftovers(cases, seed=3, quick=False)] == [(), ()]


def test_damage_changes_the_file(tmp_path):
    file = tmp_path / "note.json"
    for seed in range(20):
        file.write_text('{"done": 12}')
        damaged(file, random.Random(seed))
        assert file.read_bytes() != b'{"done": 12}'
