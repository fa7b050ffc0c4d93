"""The parts that the time of a job consists of, with the seconds of each on the machine on which they were measured.

`app.jobs.pace` learns how much faster or slower each part is on the machine of the server.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.jobs.models import Models
from app.jobs.outlook import Outlook
from app.jobs.request import TILE_LR_PX, Request
from rs_srgan.inference.engines import WORTH_COMPILING_PX

# Seconds on two cores, from the CPU time of each part: an AMD Zen 5 with bf16 and int8, constants of an Intel Xeon.
_LOAD, _LOAD_AGAIN = 0.01, 0.005
_READ, _READ_PX = 0.015, {"tif": 0.18e-6, "jp2": 0.8e-6, "product": 0.8e-6}
_REGISTER, _REGISTER_PX = 0.5, 1.5e-6
# The first time on a machine OpenVINO converts the model; later it compiles it for each shape of tile.
_START = {
    ("small", "first"): 0.05,
    ("small", "new"): 0.05,
    ("small", "again"): 0.03,
    ("large", "first"): 2.5,
    ("large", "new"): 0.7,
    ("large", "again"): 0.6,
}
# For each LR pixel: by weights of the network, and by fine pixels and bands. Small images are computed by PyTorch.
_WEIGHT = {"small": 4.5e-12, "large": 2.2e-12}
_FINE_PX = 1.2e-8
# Networks with layers on the fine grid, which cost more for each weight.
_FINE_LAYERS = {"srresnet": 3.0}
# The uncertainty is a second result; PyTorch takes longer for it.
_UNCERTAIN = {"small": 2.4, "large": 1.0}
_WRITE, _WRITE_PX = 0.01, 1.8e-8
_AROUND = 0.01


@dataclass(frozen=True)
class Part:
    """A part of a job that takes time.

    Attributes:
        name: what is done.
        kind: what decides on its pace, apart from the size.
        seconds: its time on the machine on which it was measured.
    """

    name: str
    kind: str
    seconds: float


Lap = tuple[Part, ...]


@dataclass(frozen=True)
class Laps:
    """The laps of a job in the order in which they are measured, each with its parts: it was measured as a whole.

    Attributes:
        laps: loading the models; reading; then for each model the first tile with the start of the engine, the other
            tiles, and the end of its file; at last what is around the computation.
        engines: for each model what decides whether its engine can be used again.
    """

    laps: tuple[Lap, ...]
    engines: tuple[str, ...]


def laps_of(request: Request, outlook: Outlook, models: Models, loaded: Sequence[str] = (), engine: str = "") -> Laps:
    """Return the laps of a job.

    Args:
        request: what was asked for.
        outlook: its size.
        models: the models that visitors can choose.
        loaded: names of the models that the computing process has loaded.
        engine: the engine that it has ready, see `Laps`.
    """
    px, views = outlook.grid.height * outlook.grid.width, len(request.sources)
    size = "large" if outlook.scene_px >= WORTH_COMPILING_PX else "small"
    source = _source_kind(request)
    load = sum(_LOAD_AGAIN if name in loaded else _LOAD for name in request.models)
    known = "again" if set(request.models) <= set(loaded) else "new"
    read = [Part("read", source, _READ + px * views * _READ_PX[source])]
    if views > 1:
        read.append(Part("register", source, views * _REGISTER + px * views * _REGISTER_PX))
    laps: list[Lap] = [(Part("load", known, load),), tuple(read)]
    engines = []
    for index, name in enumerate(request.models):
        config = models.config(name)
        uncertain = request.uncertainty and index == 0 and config.uncertainty
        taken = views if config.several and index == 0 else 1
        engine_kind = f"{name} {size} {uncertain}"
        level = "again" if engine_kind == engine else "new" if name in loaded else "first"
        fine_px = config.scale**2 * len(config.bands) * (1 + uncertain)
        weight = _WEIGHT[size] * _FINE_LAYERS.get(config.generator, 1.0)
        per_px = taken * weight * models.weights(name) + fine_px * _FINE_PX
        per_px *= _UNCERTAIN[size] if uncertain else 1.0
        first = min(px, TILE_LR_PX**2)
        compute = f"{size} {taken} {uncertain} {name}"
        started = Part("start", f"{size} {level} {uncertain}", _START[size, level])
        laps += [
            (started, Part("compute", compute, first * per_px)),
            (Part("compute", compute, (px - first) * per_px),),
            (Part("write", str(config.scale), _WRITE + px * fine_px * _WRITE_PX),),
        ]
        engines.append(engine_kind)
        engine = engine_kind
    return Laps((*laps, (Part("around", "", _AROUND),)), tuple(engines))


def _source_kind(request: Request) -> str:
    """Return what decides on the pace of reading an image."""
    suffix = request.source.suffix.lower()
    if suffix in (".jp2", ".j2k"):
        return "jp2"
    return "tif" if suffix in (".tif", ".tiff", ".png", ".npy") else "product"
