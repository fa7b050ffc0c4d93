"""The parts that the time of a job consists of, with the seconds of each on the machine on which they were measured.

`app.jobs.pace` learns how much faster or slower each part is on the machine of the server.
"""

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.jobs.models import Models
from app.jobs.outlook import Outlook
from app.jobs.request import TILE_LR_PX, Request
from rs_srgan.hub.names import DEFAULT_MODEL
from rs_srgan.inference.engines import WORTH_COMPILING_PX, fastest_precision

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
_WEIGHT = {
    ("small", "bf16"): 4.5e-12,
    ("small", "fp32"): 5.5e-12,
    ("large", "int8"): 2.2e-12,
    ("large", "bf16"): 3.2e-12,
    ("large", "fp32"): 5.5e-12,
}
_FINE_PX = 1.2e-8
# Networks with layers on the fine grid, which cost more for each weight.
_FINE_LAYERS = {"srresnet": 3.0}
# The uncertainty is a second result; PyTorch takes longer for it, most of all in bf16.
_UNCERTAIN = {("small", "bf16"): 2.4, ("small", "fp32"): 1.2}
_WRITE, _WRITE_PX = 0.01, 1.8e-8
_AROUND = 0.01


# Name, group and kind of a part.
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Part:
    """A part of a job that takes time.

    Attributes:
        name: what is done.
        seconds: its time on the machine on which it was measured.
        group: what decides on its pace, apart from the size.
        kind: what decides on it within the group; empty if nothing does.
    """

    name: str
    seconds: float
    group: str = ""
    kind: str = ""

    @property
    def key(self) -> Key:
        """Return what decides on its pace."""
        return self.name, self.group, self.kind


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


def laps_of(
    request: Request,
    outlook: Outlook,
    models: Models,
    loaded: Sequence[str] = (),
    engine: str = "",
    known: Collection[Key] = (),
) -> Laps:
    """Return the laps of a job.

    Args:
        request: what was asked for.
        outlook: its size.
        models: the models that visitors can choose.
        loaded: names of the models that the computing process has loaded.
        engine: the engine that it has ready, see `Laps`.
        known: keys of the parts that this machine has done before.
    """
    px, views = outlook.grid.height * outlook.grid.width, len(request.sources)
    size = "large" if outlook.scene_px >= WORTH_COMPILING_PX else "small"
    source = _source_kind(request)
    load = sum(_LOAD_AGAIN if name in loaded else _LOAD for name in request.models)
    read = [Part("read", _READ + px * views * _READ_PX[source], source)]
    if views > 1:
        read.append(Part("register", views * _REGISTER + px * views * _REGISTER_PX, source))
    laps: list[Lap] = [(Part("load", load, "again" if set(request.models) <= set(loaded) else "new"),), tuple(read)]
    engines = []
    for index, name in enumerate(request.models):
        config = models.config(name)
        uncertain = request.uncertainty and index == 0 and config.uncertainty
        taken = views if config.several and index == 0 else 1
        engine_kind = f"{name} {size} {uncertain}"
        fine_px = config.scale**2 * len(config.bands) * (1 + uncertain)
        precision = fastest_precision(config, "openvino" if size == "large" else "torch", "cpu")
        weight = _WEIGHT[size, precision] * _FINE_LAYERS.get(config.generator, 1.0)
        per_px = taken * weight * models.weights(name) + fine_px * _FINE_PX
        per_px *= _UNCERTAIN.get((size, precision), 1.0) if uncertain else 1.0
        first = min(px, TILE_LR_PX**2)
        kind = f"{taken} {uncertain} {name}"
        compute = Part("compute", 0.0, f"{size} {precision}", kind)
        # the computing process converts that of the sample in advance
        converted = compute.key in known or (name == DEFAULT_MODEL and uncertain)
        level = "again" if engine_kind == engine else "new" if converted else "first"
        laps += [
            (
                Part("start", _START[size, level], f"{size} {level}", f"{uncertain}"),
                dataclasses.replace(compute, seconds=first * per_px),
            ),
            (dataclasses.replace(compute, seconds=(px - first) * per_px),),
            (Part("write", _WRITE + px * fine_px * _WRITE_PX, f"{config.scale}"),),
        ]
        engines.append(engine_kind)
        engine = engine_kind
    return Laps((*laps, (Part("around", _AROUND),)), tuple(engines))


def _source_kind(request: Request) -> str:
    """Return what decides on the pace of reading an image."""
    suffix = request.source.suffix.lower()
    if suffix in (".jp2", ".j2k"):
        return "jp2"
    return "tif" if suffix in (".tif", ".tiff", ".png", ".npy") else "product"
