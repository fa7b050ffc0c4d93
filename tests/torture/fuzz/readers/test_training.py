import yaml

from torture.fuzz.readers.training import as_yaml


def test_broken_inputs_are_refused_or_read(survives):
    assert 1 <= survives("training YAML", inputs=4) <= 4


def test_every_text_can_be_written():
    for text in ("word", "\ud800", "\U0001f30d", "x" * 1000):
        assert yaml.safe_load(as_yaml({"a": [text]})) == {"a": [text]}


def test_a_tree_too_deep_for_yaml_becomes_a_deep_text():
    tree: list[object] = []
    for _ in range(5000):
        tree = [tree]
    assert as_yaml(tree).startswith("[[[[")
