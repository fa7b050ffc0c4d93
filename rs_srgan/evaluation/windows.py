"""The figures of every window, one after the other on this machine, or on all machines of a Ray cluster."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rs_srgan.batch.cluster import connected
from rs_srgan.evaluation.images import open_image, read_case
from rs_srgan.evaluation.report.gallery import cut
from rs_srgan.evaluation.report.report import ImageScores
from rs_srgan.evaluation.scored import Scored
from rs_srgan.evaluation.sources import Source
from rs_srgan.figures.metrics import Protocol
from rs_srgan.models import SISR
from rs_srgan.pixels.windows import Window
from rs_srgan.reading.stated import Stated

# Windows under way for each core: one is computed, the others wait for a core or for their turn in the report.
_AHEAD = 3


@dataclass(frozen=True)
class Evaluation:
    """What holds for all windows.

    Attributes:
        protocol: what HR and LR are.
        stated: what the user states about the images.
        pictures: whether the centres of the images are needed.
    """

    protocol: Protocol
    stated: Stated
    pictures: bool


Plan = Sequence[tuple[Source, Sequence[Window]]]
Figures = tuple[Source, ImageScores, Scored | None]


def score_here(plan: Plan, model: SISR, how: Evaluation) -> Iterator[Figures]:
    """Yield for each window its image, its figures, and its centre for pictures."""
    for source, windows in plan:
        for figures, centre in _score(source, windows, model, how):
            yield source, figures, centre


def score_on_ray(plan: Plan, model: SISR, how: Evaluation, address: str | None = None) -> Iterator[Figures]:
    """Yield what `score_here` yields, in the same order, computed on a Ray cluster.

    Args:
        plan: the images with their windows; all nodes must see the images.
        model: the model; it goes through Ray's object store once.
        how: what holds for all windows.
        address: address of the cluster; None for the one that RAY_ADDRESS names, else for this machine.

    Raises:
        InputError: see `rs_srgan.batch.cluster.connected`.
    """
    with connected(address):
        import ray  # an extra

        task = ray.remote(num_cpus=1)(_score_one)
        stored = ray.put(model)
        upcoming = ((source, window) for source, windows in plan for window in windows)
        flying: deque[tuple[Source, Any]] = deque()
        for source, window in upcoming:
            flying.append((source, task.remote(source, window, stored, how)))
            if len(flying) >= _AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1))):
                yield _result(*flying.popleft())
        while flying:
            yield _result(*flying.popleft())


def _result(source: Source, reference: Any) -> Figures:  # noqa: ANN401
    """Wait for the figures of a window, and raise the error of its task as it was."""
    import ray  # an extra

    try:
        figures, centre = ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        raise (error.cause if isinstance(error.cause, Exception) else error) from None
    return source, figures, centre


def _score_one(source: Source, window: Window, model: SISR, how: Evaluation) -> tuple[ImageScores, Scored | None]:
    """Return the figures of one window; it runs on a node."""
    return next(_score(source, [window], model, how))


def _score(
    source: Source, windows: Sequence[Window], model: SISR, how: Evaluation
) -> Iterator[tuple[ImageScores, Scored | None]]:
    """Yield figures and centre of the windows of one image."""
    from rs_srgan.evaluation.scoring import score  # needs an extra

    with open_image(source, how.protocol, model.config, how.stated) as image:
        for window in windows:
            scored = score(model, read_case(image, source, window, model.scale))
            figures = ImageScores(scored.case.name, source.site, scored.case.valid, scored.scores)
            yield figures, cut(scored, model.scale) if how.pictures else None
