"""`SceneTask`, what workers and writers are told about a scene, and what they answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rs_srgan.batch.output import OutputFolder
from rs_srgan.inference.options import PredictOptions
from rs_srgan.inference.outline import Outline
from rs_srgan.pixels.clipping import Clipping


@dataclass(frozen=True)
class SceneTask:
    """A scene to compute.

    Attributes:
        number: number of the scene in this run.
        sources: the images.
        options: all options that hold for it.
        fingerprint: fingerprint of its model.
        model: the model in Ray's object store, the only element, so that Ray does not fetch it for each call.
    """

    number: int
    sources: tuple[str, ...]
    options: PredictOptions
    fingerprint: str
    model: tuple[Any]


@dataclass(frozen=True)
class Target:
    """Where a result goes.

    Attributes:
        folder: the folder.
        names: file names of the result, and of its uncertainty if it is wanted.
        resume: go on with what a stopped run left in a local folder.
        overwrite: replace existing files.
        mark: name and text of a file that the folder holds, if this machine sees the same folder; None for none.
    """

    folder: OutputFolder
    names: tuple[str, ...]
    resume: bool
    overwrite: bool
    mark: tuple[str, str] | None = None


@dataclass(frozen=True)
class Opened:
    """A worker's answer to the opening of a scene.

    Attributes:
        outline: the scene without its pixels.
        warnings: warnings about the images.
    """

    outline: Outline
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Note:
    """The small part of a worker's answer: what happened to a block, without its pixels.

    Attributes:
        seconds: time that the stages took: read, compute, compress.
        engine: the engine and the versions on which the rounding of pixels depends.
        counts: measured LR values of each band, clipped LR values, and clipped values of the result; None for a block
            without data.
    """

    seconds: Mapping[str, float]
    engine: str
    counts: tuple[tuple[int, ...], int, Clipping] | None


@dataclass(frozen=True)
class Place:
    """The place of an actor.

    Attributes:
        node: identity of the node.
        host: name of the node, for people.
    """

    node: str
    host: str
