import json
import random

from torture.fuzz.odd import changed_bytes, changed_tree, json_bytes, odd_value

TREE = {"a": [1, 2, {"b": "c"}], "d": None}


def test_changes_are_made_anew_from_the_same_random_numbers():
    def made(seed):
        return repr((changed_bytes(random.Random(seed), bytes(99)), changed_tree(random.Random(seed), TREE)))

    assert made(1) == made(1) and len({made(seed) for seed in range(20)}) == 20


def test_a_changed_tree_leaves_the_original_alone():
    for seed in range(50):
        changed_tree(random.Random(seed), TREE)
    assert TREE == {"a": [1, 2, {"b": "c"}], "d": None}


def test_some_json_is_still_valid_and_some_is_not():
    def is_valid(seed):
        chance = random.Random(seed)
        try:
            json.loads(json_bytes(chance, TREE).decode())
        except (ValueError, RecursionError):
            return False
        return True

    assert {is_valid(seed) for seed in range(100)} == {True, False}


def test_odd_values_are_of_every_type():
    kinds = {type(odd_value(random.Random(seed))) for seed in range(500)}
    assert kinds == {int, float, str, bool, type(None), list, dict}
