import json
import re

import httpx
import pytest

from app.jobs import queue
from app.jobs.submit import SAMPLE_TITLE
from app.pages import resumed
from app.pages.assets import LANGUAGES, WEB
from app.products import store


def test_health_is_answered(server):
    assert httpx.get(f"{server.address}/health").json() == {"status": "ok"}


@pytest.mark.parametrize("name", [*sorted(path.name for path in WEB.iterdir() if path.is_file()), "maplibre-gl.js"])
def test_scripts_and_styles_are_served(server, name):
    assert httpx.get(f"{server.address}/web/{name}").status_code == 200


def test_pictures_of_cards_are_served(server):
    assert httpx.get(f"{server.address}/cards/sisr-x4-rgbn/pictures/x.png").status_code == 404
    assert httpx.get(f"{server.address}/cards/nothing/pictures/x.png").status_code == 404


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "app/server.py"])
def test_files_of_the_server_are_not_served(server, path):
    for route in ("gradio_api/file=", "web/", "jobs/x/files/"):
        assert httpx.get(f"{server.address}/{route}{path}").status_code in (403, 404)


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_translation_has_all_texts_with_all_that_varies_in_them(code):
    texts, all_texts = (json.loads(LANGUAGES[each].read_text(encoding="utf-8"))["texts"] for each in (code, "de"))
    assert list(texts) == list(all_texts)
    for english, other in texts.items():
        for parts in (r"\{\d\}", r"</?\w+>", r"<code>.*?</code>"):
            assert sorted(re.findall(parts, english)) == sorted(re.findall(parts, other)), english
        assert other.strip() == other and other
        # else the page would translate a text that it has translated
        assert texts.get(other, other) == other


def test_what_the_server_and_broken_uploads_say_is_translated():
    texts = json.loads(LANGUAGES["de"].read_text(encoding="utf-8"))["texts"]
    script = (WEB / "upload.js").read_text(encoding="utf-8")
    lines = re.findall(r"[`\"]((?:The connection broke|The upload was given)[^`\"]*)", script)
    assert len(lines) == 3
    for line in lines:
        numbers = iter("01")
        assert re.sub(r"\$\{.*?\}", lambda _, numbers=numbers: f"{{{next(numbers)}}}", line) in texts
    assert {queue.GONE, queue.UNWATCHED, store.GONE, resumed.GONE, SAMPLE_TITLE} <= set(texts)


def test_translations_are_served_and_no_other_files(server):
    for code in LANGUAGES:
        assert httpx.get(f"{server.address}/web/languages/{code}.json").json()["language"]
    assert httpx.get(f"{server.address}/web/languages/xx.json").status_code == 404
