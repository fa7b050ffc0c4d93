"""Which models a visitor can name."""

from types import SimpleNamespace

import gradio as gr
import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from app.jobs import models as models_module
from app.jobs.models import Models
from app.pages.models_tab import models_tab
from rs_srgan import MISR, InputError, MISRConfig


def repository(**sizes: int) -> SimpleNamespace:
    return SimpleNamespace(
        siblings=[SimpleNamespace(rfilename=name.replace("_", "."), size=size) for name, size in sizes.items()]
    )


@pytest.fixture
def hub(monkeypatch):
    """A Hub that holds one repository, and counts what is asked of it."""
    asked = []
    answers = {"info": repository(config_json=500, model_safetensors=4_000_000)}

    class Api:
        def __init__(self, token):
            assert token is False  # nobody uses this machine's own access

        def model_info(self, name, **_):
            asked.append(name)
            return answers["info"]

    monkeypatch.setattr(models_module, "HfApi", Api)
    return SimpleNamespace(asked=asked, answers=answers)


@pytest.mark.parametrize(
    "name",
    ["", "a", "/etc/passwd", "../a/b", "a/b/c", "https://x.org/a/b", "a/b@main", "-a/b", "a/..", "x" * 300 + "/b"],
)
def test_only_organisation_and_name_are_taken(hub, name):
    with pytest.raises(InputError, match="expected organisation/name"):
        Models().load(name)
    assert not hub.asked


def test_a_pickle_is_never_fetched(hub, monkeypatch):
    hub.answers["info"] = repository(config_json=500, pytorch_model_bin=4_000_000)
    monkeypatch.setattr(models_module, "load_public", lambda name: pytest.fail("it was fetched"))
    with pytest.raises(InputError, match=r"holds no model\.safetensors: .* a pickle, which is never opened"):
        Models().load("someone/thing")


def test_weights_beyond_the_limit_are_not_fetched(hub, monkeypatch):
    hub.answers["info"] = repository(config_json=500, model_safetensors=5_000_000_000)
    monkeypatch.setattr(models_module, "load_public", lambda name: pytest.fail("it was fetched"))
    with pytest.raises(InputError, match="has 5000 MB of weights; at most 300 are taken"):
        Models().load("someone/large")


def test_a_model_of_the_hub_can_be_chosen_once_it_is_there(hub, monkeypatch, model):
    monkeypatch.setattr(models_module, "load_public", lambda name: model)
    models = Models()
    with pytest.raises(InputError, match=r"Unknown model 'someone/small'.* Load it in the tab Models first"):
        models.config("someone/small")
    assert models.load(" someone/small ") == model.config
    assert models.config("someone/small") == model.config
    models.load("someone/small")
    assert hub.asked == ["someone/small"]
    assert "someone/small" not in Models().names()  # nobody else's list


def test_a_strangers_model_names_no_base_of_ours_to_load(hub, monkeypatch, model):
    object.__setattr__(model.config, "base_model", "/etc")
    monkeypatch.setattr(models_module, "load_public", lambda name: model)
    models = Models()
    models.load("someone/else")
    assert not models.knows_detail("someone/else")
    assert models.knows_detail("srgan-x4-rgbn")


def test_a_model_of_several_images_is_not_offered_for_one(hub, monkeypatch, model):
    misr = MISR(MISRConfig(channels=16, blocks=1, fusion_channels=16, fusion_blocks=1))
    monkeypatch.setattr(models_module, "load_public", lambda name: misr)
    with pytest.raises(InputError, match="is for several images of one place"):
        Models().load("someone/several")


def test_without_the_hub_that_is_said(monkeypatch):
    class Api:
        def __init__(self, token):
            pass

        def model_info(self, *_, **__):
            raise LocalEntryNotFoundError("offline")

    monkeypatch.setattr(models_module, "HfApi", Api)
    with pytest.raises(InputError, match=r"the Hub does not answer\. Try again later, or choose a bundled model"):
        Models().load("someone/thing")


def test_a_model_says_how_often_its_interval_holds():
    assert 0.7 < Models().coverage("sisr-x4-rgbn") < 0.95
    assert Models().coverage("srgan-x4-rgbn") is None


def test_what_was_fetched_joins_the_others_in_both_tabs(models, monkeypatch):
    monkeypatch.setattr(Models, "load", lambda self, name: models.config("sisr-x4-rgbn"))
    with gr.Blocks() as page:
        fields = [gr.Dropdown() for _ in range(4)]
        models_tab(models, fields[:2], fields[2:])
    (load,) = [each.fn for each in page.fns.values() if each.fn.__name__ == "load"]
    _, fetched, patch, product, *others = load("organisation/second", ["organisation/first"])
    assert fetched == ["organisation/first", "organisation/second"]
    assert patch["choices"] == [*models.names(), *fetched]
    assert product["choices"] == [*models.names(guided=True), *fetched]
    assert "sisr-x2-20m" in product["choices"]
    assert [each["choices"][1:] for each in others] == [patch["choices"], product["choices"]]
