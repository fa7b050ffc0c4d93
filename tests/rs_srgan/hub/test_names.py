"""Names of models: bundled, a folder, or on the Hub."""

from pathlib import Path

import pytest

from rs_srgan import InputError
from rs_srgan.hub.names import (
    DEFAULT_MODELS,
    DETAIL_MODEL,
    REVISITS_MODEL,
    bundle,
    bundled_names,
    find_source,
    is_local,
    local_files,
)


def test_all_default_models_are_bundled():
    assert {*DEFAULT_MODELS.values(), DETAIL_MODEL, REVISITS_MODEL} <= set(bundled_names())


@pytest.mark.parametrize(
    ("name", "source", "revision"),
    [
        ("sisr-x4-rgbn", bundle() / "sisr-x4-rgbn", None),
        ("org/model", "org/model", None),
        ("org/model@v1", "org/model", "v1"),
    ],
)
def test_a_name_leads_to_its_source(name, source, revision):
    assert find_source(name) == (source, revision)


def test_a_folder_is_found_before_the_hub_is_asked(tmp_path, monkeypatch, caplog):
    (tmp_path / "org" / "model").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="hides"):
        find_source("org/model")
    (tmp_path / "org" / "model" / "config.json").touch()
    assert find_source("org/model") == (Path("org/model"), None)
    assert "org/model is a folder here" in caplog.text


def test_a_folder_with_the_name_of_a_bundled_model_is_loaded_and_a_warning_says_so(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="string"):
        find_source(Path("sisr-x4-rgbn"))
    (tmp_path / "sisr-x4-rgbn").mkdir()
    assert find_source(Path("sisr-x4-rgbn")) == (Path("sisr-x4-rgbn"), None)
    assert find_source("sisr-x4-rgbn")[0] == bundle() / "sisr-x4-rgbn", "without config.json it is no model"
    assert caplog.text == ""
    (tmp_path / "sisr-x4-rgbn" / "config.json").touch()
    assert find_source("sisr-x4-rgbn") == (Path("sisr-x4-rgbn"), None)
    assert local_files("sisr-x4-rgbn")[0] == Path("sisr-x4-rgbn/config.json")
    assert "bundled" in caplog.text


@pytest.mark.parametrize("name", ["./model", "/srv/model", "../model", "org/model/part", "nothing", ""])
def test_a_path_is_never_taken_for_a_hub_id(name):
    with pytest.raises(InputError):
        find_source(name)


@pytest.mark.parametrize(("name", "local"), [("sisr-x4-rgbn", False), ("org/model", False), ("./runs/model", True)])
def test_local_names_mean_something_on_this_machine_only(name, local):
    assert is_local(name) == local


@pytest.mark.parametrize("name", ["sisr-x4-rgbn", "org/model@v2"])
def test_a_revision_goes_with_a_plain_hub_id(name):
    with pytest.raises(InputError, match="revision"):
        find_source(name, "v1")
