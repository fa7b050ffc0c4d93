"""The tab about models: the bundled ones with their figures and cards, and others from the Hugging Face Hub."""

import html
import re

import gradio as gr

from app.errors import for_people
from app.jobs.models import Models
from app.pages.forms import NO_OTHER
from rs_srgan import InputError
from rs_srgan.figures.accuracy import TITLES
from rs_srgan.figures.tracks import VIEWS
from rs_srgan.publishing.card import CARD_FILE, PICTURES_FOLDER

# Blocks of code, whose comments look like headings, or the beginning of a heading.
_CODE_OR_HEADING = re.compile(r"^```.*?^```|^(?=#)", re.DOTALL | re.MULTILINE)


def models_tab(models: Models, choices: list[gr.Dropdown], others: list[gr.Dropdown]) -> None:
    """Build the tab in an open `gr.Tabs`.

    Args:
        models: the models that visitors can choose.
        choices: lists of models in the tabs Patch and Tile. A fetched model is added to them.
        others: lists of models to compare with in the same tabs. A fetched model is added to them.
    """
    with gr.Tab("Models", id="models"):
        names = [*models.names(guided=True), *models.names_of_several()]
        gr.HTML(f'<div class="sr-cards">{"".join(_card(models, name) for name in names)}</div>')
        gr.Markdown("## More models from the Hugging Face Hub")
        with gr.Row(equal_height=True):
            name = gr.Textbox(label="Model id", placeholder="organisation/name", scale=4, elem_id="hub-id", max_lines=1)
            fetch = gr.Button("Fetch", scale=1, min_width=120, elem_id="hub-fetch")
        said = gr.HTML("", elem_id="hub-said")
        mine = gr.State([])
        gr.Markdown(
            "A model must be one of rs_srgan, with `config.json` and `model.safetensors`. Neither file can run code."
        )
        for card in models.bundled.values():
            with gr.Accordion(f"Card of {card.name}", open=False):
                text = _without_front_matter((card.folder / CARD_FILE).read_text(encoding="utf-8"))
                text = _lower_headings(text).replace(f"]({PICTURES_FOLDER}/", f"](cards/{card.name}/{PICTURES_FOLDER}/")
                gr.Markdown(text, elem_classes="sr-model-card")

    def load(name: str, fetched: list[str]) -> tuple[object, ...]:
        try:
            config = models.load(name)
        except InputError as error:
            text = f'<div class="sr-card sr-error" role="alert"><p>{html.escape(for_people(error))}</p></div>'
            return text, fetched, *[gr.skip()] * (len(choices) + len(others))
        name = name.strip()
        fetched = [*(other for other in fetched if other != name), name]
        known = [[*models.names(guided), *fetched] for guided in (False, True)]  # Patch, Tile
        text = (
            f'<div class="sr-card" role="status"><p>{html.escape(name)} is ready: '
            f"{html.escape(' '.join(config.bands))}, x{config.scale}. Choose it in the other tabs.</p></div>"
        )
        return (
            text,
            fetched,
            *[gr.update(choices=names, value=name) for names in known],
            *[gr.update(choices=[NO_OTHER, *names]) for names in known],
        )

    gr.on(
        [fetch.click, name.submit],
        load,
        [name, mine],
        [said, mine, *choices, *others],
        api_visibility="private",
        concurrency_limit=2,
    )


def _card(models: Models, name: str) -> str:
    """Return the figures of a model as HTML."""
    config = models.config(name)
    accuracy = models.bundled[name].accuracy
    coverage = models.coverage(name)
    guided = f", guided by {' '.join(config.guide_bands)}" if config.guide_bands else ""
    images = f", {VIEWS} revisits" if config.several else ""
    others = ", ".join(f"{TITLES[each]} {db:.2f}" for each, db in accuracy.psnr_db.items() if each != "model")
    facts = {
        "Bands": " ".join(config.bands),
        "Scale": f"x{config.scale}{guided}{images}",
        "PSNR": f"{accuracy.model_db:.2f} dB ({others})",
        "80 % interval": "none" if coverage is None else f"contains {100 * coverage:.0f} % of the true values",
    }
    listed = "".join(f"<dt>{key}</dt><dd>{html.escape(value)}</dd>" for key, value in facts.items())
    return f'<article class="sr-card"><h2>{html.escape(name)}</h2><dl>{listed}</dl></article>'


def _without_front_matter(card: str) -> str:
    """Return a card without the metadata at its beginning, which is between two lines of dashes."""
    return card.split("---", 2)[2] if card.startswith("---") else card


def _lower_headings(card: str) -> str:
    """Return a card with its headings two levels lower, as those of a part of the page."""
    return _CODE_OR_HEADING.sub(lambda found: found[0] or "##", card)
