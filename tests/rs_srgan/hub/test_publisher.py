"""The function that pushes a model with its card."""

from importlib import import_module

from rs_srgan.hub import publisher as registry


def test_importing_the_package_registers_what_pushes_models(monkeypatch):
    pushing = import_module("rs_srgan.publishing.push")
    monkeypatch.setattr(pushing, "push_model", lambda *arguments, **options: (arguments, options))
    assert registry.publisher()("model", "org/name", private=True) == (("model", "org/name"), {"private": True})


def test_the_last_registered_function_counts():
    before = registry.publisher()
    try:
        registry.register_publisher(lambda *_, **__: "pushed")
        assert registry.publisher()() == "pushed"
    finally:
        registry.register_publisher(before)
