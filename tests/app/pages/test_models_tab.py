import gradio as gr

from app.jobs.models import Models
from app.pages.models_tab import models_tab


def test_a_fetched_model_is_added_to_the_lists_of_both_tabs(models, monkeypatch):
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
