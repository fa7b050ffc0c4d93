import socket

import pytest

from rs_srgan import load_model
from rs_srgan.hub.names import DEFAULT_MODEL, DETAIL_MODEL, REVISITS_MODEL
from rs_srgan.models.catalogue import catalogue


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
    accuracy = entry.accuracy
    assert accuracy.over_bicubic_db > 0
    assert accuracy.gain_db > 0 or model.config.base_model  # a GAN stage gives some of it for texture
    assert (entry.folder / "README.md").read_text().startswith("---\n")


def test_the_defaults_are_bundled():
    assert {DEFAULT_MODEL, REVISITS_MODEL, DETAIL_MODEL} <= catalogue().keys()
