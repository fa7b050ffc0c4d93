import json

import pytest

from rs_srgan import InputError
from rs_srgan.publishing.training_file import TRAINING_FILE, TrainingRecord, read_training


def test_without_a_file_the_record_is_empty(tmp_path):
    assert read_training(tmp_path) == TrainingRecord()
    assert TrainingRecord().sentence() == ""


def test_a_record_is_read_and_becomes_a_sentence(tmp_path):
    content = {
        "init_from": "/home/me/start",
        "steps": 12345,
        "minutes": 65.0,
        "val/psnr": None,
        "seed": 0,
        "data": "0123456789abcdef0123",
        "revision": None,
        "versions": {"torch": "2.13"},
    }
    (tmp_path / TRAINING_FILE).write_text(json.dumps(content))
    assert (
        read_training(tmp_path).sentence()
        == "from start, 12,345 steps in 65 minutes, seed 0, data manifest 0123456789abcdef, torch 2.13."
    )


@pytest.mark.parametrize(("content", "key"), [('{"steps": "many"}', "steps"), ('{"versions": [1]}', "versions")])
def test_a_value_of_another_kind_is_named(tmp_path, content, key):
    (tmp_path / TRAINING_FILE).write_text(content)
    with pytest.raises(InputError, match=key):
        read_training(tmp_path)
