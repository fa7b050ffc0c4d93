import re

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


def test_cards_are_parts_of_the_page(models):
    with gr.Blocks() as page:
        models_tab(models, [], [])
    texts = [each["props"]["value"] for each in page.config["components"] if each["type"] == "markdown"]
    (card,) = [text for text in texts if re.search(r"^### sisr-x4-rgbn$", text, re.MULTILINE)]
    without_code = re.sub(r"^```.*?^```", "", card, flags=re.DOTALL | re.MULTILINE)
    assert {len(marks) for marks in re.findall(r"^(#+) ", without_code, re.MULTILINE)} == {3, 4, 5}
    original = (models.bundled["sisr-x4-rgbn"].folder / "README.md").read_text(encoding="utf-8")
    for code in re.findall(r"^```.*?^```", original, re.DOTALL | re.MULTILINE):
        assert code in card
