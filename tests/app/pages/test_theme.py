"""The look of the page."""

import re

from app.pages.assets import WEB
from app.pages.theme import STYLE_SHEETS, head


def test_the_page_loads_nothing_from_other_servers():
    text = head("abc", "") + "".join(path.read_text() for path in STYLE_SHEETS)
    assert not re.search(r"(?:src|href)=\"https?:|url\(https?:|@import", text)


def test_scripts_of_the_head_exist():
    own = set(re.findall(r"web/([\w.-]+\.js)", head("abc", ""))) - {"maplibre-gl.js"}
    assert own <= {path.name for path in WEB.iterdir()}


def test_addresses_are_escaped():
    assert '"><script>' not in head("abc", '"><script>')
