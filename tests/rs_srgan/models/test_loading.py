import socket
from pathlib import Path

import pytest
import torch

from rs_srgan import SISR, InputError, load_model
from rs_srgan.hub.names import DEFAULT_MODEL, DEFAULT_MODELS
from rs_srgan.models.catalogue import catalogue
from rs_srgan.models.loading import named_model, sisr_model


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("name", [name for name in catalogue() if name.startswith("misr")])
def test_with_one_view_a_bundled_model_of_several_is_the_bundled_one_of_one(name):
    alone, single = load_model(name).alone(), sisr_model(name.replace("misr", "sisr"))
    lr = torch.rand(1, 4, 40, 40) * 0.3
    with torch.no_grad():  # in full precision: the model of one image can run in int8 as well
        torch.testing.assert_close(alone(lr), single(lr), rtol=0, atol=0)
    with pytest.raises(InputError, match="several"):
        sisr_model(name)


@pytest.mark.parametrize(
    "name", ["./no/model", "/no/model", "../x/y", "no\\model", "a/b/c", "model.safetensors", "~/model", "nonsense", ""]
)
def test_what_looks_like_a_path_never_goes_to_the_network(name, no_network, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        load_model(name)


def test_a_mistyped_path_never_goes_to_the_network(no_network, tmp_path, monkeypatch):
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="organisation/name"):
        load_model("runs/final")


def test_offline_a_hub_id_must_be_in_the_cache(tmp_path):
    with pytest.raises(InputError, match="local_files_only"):
        load_model("organisation/name@v1", cache_dir=tmp_path, local_files_only=True)


def test_what_is_neither_a_model_nor_a_name_is_refused(no_network):
    for wrong in (5, None, []):
        with pytest.raises(InputError, match="expected"):
            named_model(wrong)


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_refused(name, no_network):
    with pytest.raises(InputError, match="empty"):
        load_model(name)


def test_a_default_model_that_is_not_bundled_is_named(no_network, monkeypatch):
    monkeypatch.setattr("rs_srgan.hub.names.bundled_names", lambda: [DEFAULT_MODEL])
    with pytest.raises(InputError, match="--model"):
        load_model(DEFAULT_MODELS["20m"])


def test_a_cache_that_is_no_folder_is_refused(no_network, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "file" / "token"))
    with pytest.raises(InputError, match="HF_HOME"):
        load_model("organisation/name")


@pytest.mark.parametrize("load", [load_model, SISR.from_pretrained])
@pytest.mark.parametrize(
    ("name", "revision", "words"),
    [
        ("no-such-model", None, "organisation/name"),
        (Path("runs/final"), None, "organisation/name"),
        (None, None, "None"),
        (3, None, r"\b3\b"),
        (DEFAULT_MODEL, "v1", "revision"),
        (".", "v1", "revision"),
        ("organisation/name@v1", "v2", "revision"),
        ("organisation/name", "", "revision"),
    ],
)
def test_both_ways_to_load_understand_the_same_names(load, name, revision, words, no_network):
    assert load(DEFAULT_MODEL).name == DEFAULT_MODEL
    with pytest.raises(InputError, match=words):
        load(name, revision=revision)
