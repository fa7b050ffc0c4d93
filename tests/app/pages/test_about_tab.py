import gradio as gr
import pytest

from app.pages.about_tab import about_tab
from app.settings import Settings


def text_of(settings: Settings) -> str:
    with gr.Blocks() as page, gr.Tabs():
        about_tab(settings)
    (text,) = [
        each["props"]["value"] for each in page.config["components"] if each["props"].get("elem_id") == "about-text"
    ]
    return text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"keep": 1800}, "removes\nthem 30 minutes after"),
        ({"max_upload": 2_500_000_000}, "Files up to 2.5 GB"),
        ({"max_upload": 300_000_000}, "Files up to 300 MB"),
        ({"max_lr_px": 16_000_000}, "areas up to 16 million pixels"),
        ({"concurrency": 1}, "one job at a time"),
        ({"concurrency": 3}, "3 jobs at a time"),
    ],
)
def test_the_limits_of_the_server_are_stated(tmp_path, settings, words):
    assert words in text_of(Settings(folder=tmp_path, **settings))


def test_no_placeholder_is_left(tmp_path):
    text = text_of(Settings(folder=tmp_path))
    assert "{" not in text and "}" not in text


def test_licences_of_what_the_page_shows_are_named(tmp_path):
    text = text_of(Settings(folder=tmp_path))
    assert all(words in text for words in ("Copernicus", "NAIP", "spyndex", "MapLibre", "Apache-2.0"))
