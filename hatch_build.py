"""Metadata of the package that depend on the address of the repository: links, and README.md for package indexes.

A package index shows README.md without the other files of the repository, so relative links lead nowhere there. With
the address of the repository, in `[tool.hatch.metadata.hooks.custom]` of pyproject.toml, they become absolute. Without
it their text stays, and pictures are left out.
"""

import re
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

# A picture or a link to a file of the repository: `![alt](target)`, `[text](target)`, but no address and no anchor.
_RELATIVE = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?![a-z]+:|#)([^)\s]+)\)")
# A table without any text but its head: it held pictures.
_EMPTY_TABLE = re.compile(r"^\|[^\n]*\|\n\|[ :|-]+\|\n(?:\|[ |]*\|\n)+(?!\|)", re.M)


class RepositoryMetadata(MetadataHookInterface):
    """Hook of hatchling that sets `readme` and `urls`."""

    def update(self, metadata: dict) -> None:
        """Set the metadata."""
        address = str(self.config.get("address", ""))
        readme = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": for_package_index(readme, address)}
        metadata["urls"] = {**self.config["urls"], **addresses(address)}


def for_package_index(readme: str, address: str) -> str:
    """Return README.md with absolute links and pictures; without those, if the repository has no address.

    Args:
        readme: text of README.md, Markdown.
        address: address of the repository without a slash at the end, for example https://example.org/us/rs_srgan; or
            "".
    """

    def replaced(found: re.Match[str]) -> str:
        picture, text, target = found.groups()
        # the text of a link may hold a picture
        text = _RELATIVE.sub(replaced, text)
        if not address:
            return "" if picture else text
        return f"{picture}[{text}]({address}/{'raw' if picture else 'blob'}/main/{target})"

    made = _RELATIVE.sub(replaced, readme)
    return made if address else re.sub(r"\n{3,}", "\n\n", _EMPTY_TABLE.sub("", made))


def addresses(address: str) -> dict[str, str]:
    """Return the links of the project page, by their labels; none without an address."""
    if not address:
        return {}
    return {
        "Source": address,
        "Documentation": f"{address}/tree/main/docs",
        "Changelog": f"{address}/blob/main/CHANGELOG.md",
        "Issues": f"{address}/issues",
    }
