"""Registry of the function that pushes a model with its card, and the options of a push.

`model.push_to_hub` belongs to the models, but cards are written in `rs_srgan.publishing`, which imports the models. So
that models need not import it, the package registers the function here, and models call it from here.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict


class PushOptions(TypedDict, total=False):
    """Options of `push_to_hub`, which documents them."""

    reports: Sequence[str | Path]
    commit_message: str | None
    branch: str | None
    create_pr: bool
    private: bool | None
    token: str | None
    force: bool
    license: str | None
    summary: str | None
    training: str | None
    data: str | None
    limits: str | None
    base_model: str | None
    tags: Sequence[str]


Publisher = Callable[..., str]
_registered: list[Publisher] = []


def register_publisher(publisher: Publisher) -> None:
    """Register the function that pushes a model; it takes the model, the Hub id and the options of `push_to_hub`."""
    _registered[:] = [publisher]


def publisher() -> Publisher:
    """Return the registered function."""
    return _registered[0]
