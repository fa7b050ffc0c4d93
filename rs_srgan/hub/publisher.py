"""What pushes a model with its card.

`model.push_to_hub` belongs to the models, and cards are written above them, in `rs_srgan.publishing`. So that no import
runs upwards, the package itself registers here what a model calls.
"""

from collections.abc import Callable

Publisher = Callable[..., str]
_registered: list[Publisher] = []


def register_publisher(publisher: Publisher) -> None:
    """Register what pushes a model: called with the model, the Hub id and the options of `push_to_hub`."""
    _registered[:] = [publisher]


def publisher() -> Publisher:
    """Return what pushes a model."""
    return _registered[0]
