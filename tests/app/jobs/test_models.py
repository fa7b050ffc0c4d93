"""The models that a visitor can name."""

from types import SimpleNamespace

import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from app.jobs import models as models_module
from app.jobs.models import Models
from app.jobs.request import make_request
from rs_srgan import InputError, MISRConfig, SISRConfig
from rs_srgan.models.config_file import write_config


def repository(**sizes: int) -> SimpleNamespace:
    return SimpleNamespace(
        sha="c" * 40,
        siblings=[SimpleNamespace(rfilename=name.replace("_", "."), size=size) for name, size in sizes.items()],
    )


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A Hub with one repository, which records the requests."""
    asked = []
    answers = {"info": repository(config_json=500, model_safetensors=4_000_000)}

    class Api:
        def __init__(self, token):
            assert token is False  # the server's own token is not used

        def model_info(self, name, **_):
            asked.append(name)
            return answers["info"]

    monkeypatch.setattr(models_module, "HfApi", Api)
    monkeypatch.setattr(models_module, "fetch", lambda *_, **__: tmp_path / "config.json")
    write_config(tmp_path / "config.json", "SISR", SISRConfig())
    return SimpleNamespace(asked=asked, answers=answers)


@pytest.mark.parametrize(
    "name",
    ["", "a", "/etc/passwd", "../a/b", "a/b/c", "https://x.org/a/b", "a/b@main", "-a/b", "a/..", "x" * 300 + "/b"],
)
def test_a_name_must_be_organisation_and_name(hub, name):
    with pytest.raises(InputError, match="organisation/name"):
        Models().load(name)
    assert not hub.asked


def test_a_pickle_is_not_downloaded(hub, monkeypatch):
    hub.answers["info"] = repository(config_json=500, pytorch_model_bin=4_000_000)
    monkeypatch.setattr(models_module, "load_public", lambda *_, **__: pytest.fail("the weights were downloaded"))
    with pytest.raises(InputError, match="Pickles"):
        Models().load("someone/thing")


def test_too_large_weights_are_not_downloaded(hub, monkeypatch):
    hub.answers["info"] = repository(config_json=500, model_safetensors=5_000_000_000)
    monkeypatch.setattr(models_module, "load_public", lambda *_, **__: pytest.fail("the weights were downloaded"))
    with pytest.raises(InputError, match="5000"):
        Models().load("someone/large")


@pytest.mark.parametrize("generator", ["edsr", "rrdb"])
def test_a_network_that_would_fill_the_memory_is_not_built(hub, monkeypatch, tmp_path, generator):
    write_config(tmp_path / "config.json", "SISR", SISRConfig(generator=generator, channels=1024, blocks=256))
    monkeypatch.setattr(models_module, "load_public", lambda *_, **__: pytest.fail("the network was built"))
    with pytest.raises(InputError, match="network"):
        Models().load("someone/small")


def test_a_huge_configuration_is_not_downloaded(hub, monkeypatch):
    hub.answers["info"] = repository(config_json=5_000_000, model_safetensors=4_000_000)
    monkeypatch.setattr(models_module, "fetch", lambda *_, **__: pytest.fail("the configuration was downloaded"))
    with pytest.raises(InputError, match="bytes"):
        Models().load("someone/small")


def test_a_fetched_model_can_be_chosen(hub, monkeypatch, model):
    monkeypatch.setattr(models_module, "load_public", lambda *_, **__: model)
    models = Models()
    with pytest.raises(InputError, match="Models"):
        models.config("someone/small")
    assert models.load(" someone/small ") == model.config
    assert models.config("someone/small") == model.config
    models.load("someone/small")
    assert hub.asked == ["someone/small"]
    assert make_request(models, ("someone/small", "sisr-x4-rgbn"), 1, False).pinned == [
        ("someone/small", "c" * 40),  # what was checked, also if somebody pushes another one
        ("sisr-x4-rgbn", None),
    ]
    assert "someone/small" not in Models().names()  # not in the lists of other visitors


def test_the_base_model_of_a_stranger_is_not_loaded(hub, monkeypatch, model):
    object.__setattr__(model.config, "base_model", "/etc")
    monkeypatch.setattr(models_module, "load_public", lambda *_, **__: model)
    models = Models()
    models.load("someone/else")
    assert not models.knows_detail("someone/else")
    assert models.knows_detail("srgan-x4-rgbn")


def test_a_model_for_several_images_is_refused_before_it_is_built(hub, monkeypatch, tmp_path):
    write_config(tmp_path / "config.json", "MISR", MISRConfig(channels=16, fusion_channels=1024, fusion_blocks=64))
    monkeypatch.setattr(models_module, "load_public", lambda *_, **__: pytest.fail("the network was built"))
    with pytest.raises(InputError, match="bundled"):
        Models().load("someone/several")


def test_an_unreachable_hub_is_a_clear_error(monkeypatch):
    class Api:
        def __init__(self, token):
            pass

        def model_info(self, *_, **__):
            raise LocalEntryNotFoundError("offline")

    monkeypatch.setattr(models_module, "HfApi", Api)
    with pytest.raises(InputError, match="answer"):
        Models().load("someone/thing")


def test_the_coverage_of_the_interval_comes_from_the_metrics():
    assert 0.7 < Models().coverage("sisr-x4-rgbn") < 0.95
    assert Models().coverage("srgan-x4-rgbn") is None
