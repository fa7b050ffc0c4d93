"""Hooks of MkDocs for the documentation site, see mkdocs.yml: pages that are made at build time, and links.

The guides in docs/ are also read on the repository's own pages, so their links lead to files of the repository. On the
site a link to a file that is a page leads to the page. A link to another file leads to the repository's address, which
pyproject.toml states. Without an address the link becomes plain text. A link to a file that does not exist stops the
build.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from scripts.command_reference import command_reference
from scripts.configuration_reference import configuration_reference
from scripts.notebooks import repository_address

ROOT = Path(__file__).parents[1]
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s#]*)(#[^()\s]*)?\)")
_FENCED = re.compile(r"^(`{3,}).*?^\1[ ]*$", re.M | re.S)


def repository_pages() -> dict[str, str]:
    """Return the pages that are files of the repository outside of docs/: their place on the site by that file."""
    pages = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "SECURITY.md": "security.md"}
    pages["CODE_OF_CONDUCT.md"] = "conduct.md"
    pages |= {f"hub_cards/{card.parent.name}/README.md": f"models/{card.parent.name}.md" for card in _cards()}
    return pages


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Give the site the repository's address."""
    config.repo_url = repository_address() or None
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made at build time, and the pictures of the cards."""
    made = {"reference/command_line.md": command_reference(), "reference/configuration.md": configuration_reference()}
    for source, place in repository_pages().items():
        text = (ROOT / source).read_text(encoding="utf-8")
        made[place] = _without_metadata(text)
    for place, text in made.items():
        files.append(File.generated(config, place, content=text))
    for card in _cards():
        for picture in sorted((card.parent / "pictures").glob("*")):
            place = f"models/{card.parent.name}/pictures/{picture.name}"
            files.append(File.generated(config, place, abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Make links lead to pages of the site, and let blocks begin after an empty line, as Python-Markdown needs it."""
    origin = origin_of(page.file.src_uri)
    parts, end = [], 0
    for fence in _FENCED.finditer(markdown):
        parts += [_prose(markdown[end : fence.start()], origin, page.file.src_uri), fence[0]]
        end = fence.end()
    return "".join([*parts, _prose(markdown[end:], origin, page.file.src_uri)])


def origin_of(place: str) -> str:
    """Return the file of the repository that a page of the site comes from, or would be if it is made."""
    origins = {place: source for source, place in repository_pages().items()}
    return origins.get(place, f"docs/{place}")


def site_link(target: str, anchor: str, origin: str, place: str) -> str | None:
    """Return where a link of a page leads on the site; None if it can lead nowhere.

    Args:
        target: path of the link, relative to the folder of `origin`.
        anchor: what follows, with #, or empty.
        origin: the file with the link, relative to the repository's root.
        place: the page with the link, relative to the site's root.

    Raises:
        PluginError: the file does not exist.
    """
    source = posixpath.normpath(posixpath.join(posixpath.dirname(origin), target))
    pages = repository_pages()
    pictures = re.fullmatch(r"hub_cards/([^/]+)/(pictures/.+)", source)
    made = source in ("docs/reference/command_line.md", "docs/reference/configuration.md")
    if not made and (source.startswith("..") or not (ROOT / source).exists()):
        raise PluginError(f"{origin} has a link to {target}, which does not exist.")
    if source in pages:
        page = pages[source]
    elif pictures:
        page = f"models/{pictures[1]}/{pictures[2]}"
    elif source == "README.md":
        page = "index.md"
    elif source.startswith("docs/") and not (ROOT / source).is_dir():
        page = source.removeprefix("docs/")
    else:
        address = repository_address()
        kind = "tree" if (ROOT / source).is_dir() else "blob"
        return f"{address}/{kind}/main/{source}{anchor}" if address else None
    return posixpath.relpath(page, posixpath.dirname(place) or ".") + anchor


def _prose(text: str, origin: str, place: str) -> str:
    def replaced(found: re.Match[str]) -> str:
        picture, words, target, anchor = found[1], found[2], found[3], found[4] or ""
        words = _LINK.sub(replaced, words)
        if not target or re.match(r"[a-z]+:|/", target):
            return f"{picture}[{words}]({target}{anchor})"
        link = site_link(target, anchor, origin, place)
        return words if link is None else f"{picture}[{words}]({link})"

    text = _LINK.sub(replaced, text)
    text = re.sub(r"^(<!-- .*? -->)\n(?=\S)", r"\1\n\n", text, flags=re.M)
    text = re.sub(r"^(\S.*)\n(<!-- end)", r"\1\n\n\2", text, flags=re.M)
    # items inside items: two spaces on the repository's pages, four for Python-Markdown
    text = re.sub(r"^  ( *[-*] )", r"    \1", text, flags=re.M)
    return re.sub(r"^((?![-*|\s>]|\d+\.).+)\n(?=(?:[-*]|\d+\.) )", r"\1\n\n", text, flags=re.M)


def _without_metadata(text: str) -> str:
    """Return a card without the metadata for the Hub that it begins with."""
    return re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.S)


def _cards() -> list[Path]:
    return sorted((ROOT / "hub_cards").glob("*/README.md"))


def on_post_build(config: MkDocsConfig, **_: Any) -> None:  # noqa: ANN401
    """Tell GitHub Pages to serve all files as they are."""
    (Path(config.site_dir) / ".nojekyll").touch()
