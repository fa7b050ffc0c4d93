import socket
from pathlib import Path

import pytest

from rs_srgan import SISR, InputError, load_model
from rs_srgan.hub.names import DEFAULT_MODEL, DEFAULT_MODELS, DETAIL_MODEL, REVISITS_MODEL
from rs_srgan.models.catalogue import catalogue
from rs_srgan.models.loading import sisr_model


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("name", list(catalogue()))
def test_every_bundled_model_loads_and_has_a_card_and_figures(name, no_network):
    entry = catalogue()[name]
    model = load_model(name)
    assert model.config == entry.config
    assert model.name == name
    assert model.exact_tiling
    bicubic, projected, own = entry.psnr_db()
    assert bicubic < own
    assert projected < own or model.config.base_model  # a GAN stage gives some of it for texture
    assert (entry.folder / "README.md").read_text().startswith("---\n")


def test_the_defaults_are_bundled():
    assert {DEFAULT_MODEL, REVISITS_MODEL, DETAIL_MODEL} <= catalogue().keys()


@pytest.mark.parametrize("name", [name for name in catalogue() if name.startswith("misr")])
def test_with_one_view_a_bundled_model_of_several_is_the_bundled_one_of_one(name):
    alone, single = load_model(name).alone(), sisr_model(name.replace("misr", "sisr"))
    assert alone.fingerprint() == single.fingerprint()
    with pytest.raises(InputError, match="for several images"):
        sisr_model(name)


@pytest.mark.parametrize(
    "name", ["./no/model", "/no/model", "../x/y", "no\\model", "a/b/c", "model.safetensors", "~/model", "nonsense", ""]
)
def test_what_looks_like_a_path_never_goes_to_the_network(name, no_network, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        load_model(name)


def test_a_slip_in_a_local_path_never_goes_to_the_network(no_network, tmp_path, monkeypatch):
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="No model 'runs/final'"):
        load_model("runs/final")


def test_a_hub_id_that_is_not_in_the_cache_is_said_when_offline(tmp_path):
    with pytest.raises(InputError, match="organisation/name@v1 is not in the local cache"):
        load_model("organisation/name@v1", cache_dir=tmp_path, local_files_only=True)


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_said(name, no_network):
    with pytest.raises(InputError, match=f"name is empty; expected one of .*{DEFAULT_MODEL}"):
        load_model(name)


def test_a_default_that_is_not_bundled_is_no_slip_of_the_pen(no_network, monkeypatch):
    monkeypatch.setattr("rs_srgan.hub.names.bundled_names", lambda: [DEFAULT_MODEL])
    with pytest.raises(InputError, match=r"sisr-x2-20m is not bundled with this version\. Give another model"):
        load_model(DEFAULT_MODELS["20m"])


def test_a_cache_that_is_no_folder_is_said(no_network, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "file" / "token"))
    with pytest.raises(InputError, match=r"file/token: Not a directory\)\. Make room there, or name a folder"):
        load_model("organisation/name")


@pytest.mark.parametrize("load", [load_model, SISR.from_pretrained])
@pytest.mark.parametrize(
    ("name", "revision", "words"),
    [
        ("no-such-model", None, "No model 'no-such-model': expected one of"),
        (Path("runs/final"), None, "No model 'runs/final'"),
        (None, None, "The model is None; expected a name"),
        (3, None, "The model is 3; expected a name"),
        (DEFAULT_MODEL, "v1", "only Hub ids have revisions"),
        (".", "v1", "only Hub ids have revisions"),
        ("organisation/name@v1", "v2", "only Hub ids have revisions"),
        ("organisation/name", "", "only Hub ids have revisions"),
    ],
)
def test_both_ways_to_load_understand_the_same_names(load, name, revision, words, no_network):
    assert load(DEFAULT_MODEL).name == DEFAULT_MODEL
    with pytest.raises(InputError, match=words):
        load(name, revision=revision)
