"""The function that pushes a model with its card."""

from rs_srgan.hub import publisher as registry


def test_importing_the_package_registers_what_pushes_models(monkeypatch):
    monkeypatch.setattr(
        "rs_srgan.publishing.push.push_model", lambda model, repo, **options: f"{model} {repo} {options}"
    )
    assert registry.publisher()("model", "org/name", private=True) == "model org/name {'private': True}"


def test_the_last_registered_function_counts():
    before = registry.publisher()
    try:
        registry.register_publisher(lambda *_, **__: "pushed")
        assert registry.publisher()() == "pushed"
    finally:
        registry.register_publisher(before)
