"""Model classes by the name in config.json."""

import json

import pytest

from rs_srgan import MISR, SISR, InputError, MISRConfig, SISRConfig
from rs_srgan.models.classes import find_model_class
from rs_srgan.models.config_file import write_config


@pytest.mark.parametrize(("kind", "config"), [(SISR, SISRConfig()), (MISR, MISRConfig())])
def test_a_saved_model_is_of_its_class(tmp_path, kind, config):
    write_config(tmp_path / "config.json", kind.__name__, config)
    assert find_model_class(tmp_path / "config.json") is kind


def test_an_unknown_class_is_named(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_class": "Diffusion", "format_version": 2}))
    with pytest.raises(InputError, match="Diffusion"):
        find_model_class(tmp_path / "config.json")
