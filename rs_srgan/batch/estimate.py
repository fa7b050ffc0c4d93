"""`estimate`: time, storage, traffic and cost of a large batch, from measured figures that ship with the package."""

import json
from dataclasses import dataclass
from importlib.resources import files

from rs_srgan.errors import InputError

# Sentinel-2's tiles: 109.8 km wide, one each 100 km. Source: Sentinel-2 Products Specification Document.
_TILE_M, _STEP_M = 109_800, 100_000
_KM2_OF_TILE = (_STEP_M / 1000) ** 2
_MILLION_KM2 = 1e6
_MEASURED, _EXTRAPOLATED, _ASSUMED, _GIVEN = "measured", "extrapolated", "assumed", "given"
# A guess, in cores; no GPU was measured.
_GPU_CORES = 25
# What Ray's own processes, the driver and the writers take of a node, GB.
_RAY_GB = 2
# Prices of large clouds in 2025, US dollars, rounded: an hour of a core of a spot machine, a GPU, and GB in a store.
CORE_HOUR, GPU_HOUR, GB_MONTH = 0.02, 1.5, 0.023


@dataclass(frozen=True)
class Figures:
    """Measured figures of a model, for one image of Sentinel-2.

    Attributes:
        model: name of the model.
        gsd_m: pixel size of its input, metres.
        scale: scale of the model.
        core_seconds: time of one core for a million LR pixels: read, compute, compress.
        input_bytes: bytes read for an LR pixel.
        output_bytes: bytes written for an LR pixel.
        memory_gb: peak memory of a process with two threads, GB.
        source: what was measured, for people.
    """

    model: str
    gsd_m: float
    scale: int
    core_seconds: float
    input_bytes: float
    output_bytes: float
    memory_gb: float
    source: str


@dataclass(frozen=True)
class Line:
    """A line of a plan.

    Attributes:
        name: what it is.
        value: the value with its unit, for people.
        kind: "given", "measured", "extrapolated" or "assumed".
        note: where the value comes from.
    """

    name: str
    value: str
    kind: str
    note: str


@dataclass(frozen=True)
class Machines:
    """The machines of a plan.

    Attributes:
        nodes: number of nodes, at least 1.
        cores: cores of each node, at least 1.
        gpus: GPUs of each node.
        gpu_px: LR pixels that one GPU computes in a second; None if it was not measured.
    """

    nodes: int = 1
    cores: int = 2
    gpus: int = 0
    gpu_px: float | None = None


@dataclass(frozen=True)
class Prices:
    """Prices of a plan, in any currency.

    Attributes:
        core_hour: an hour of a core.
        gpu_hour: an hour of a GPU.
        gb_month: a month of a GB in a store.
    """

    core_hour: float = CORE_HOUR
    gpu_hour: float = GPU_HOUR
    gb_month: float = GB_MONTH


def measured_models() -> dict[str, Figures]:
    """Return the measured figures by the name of the model."""
    content = json.loads(files("rs_srgan.batch").joinpath("measured.json").read_text(encoding="utf-8"))
    return {each["model"]: Figures(**each) for each in content["models"]}


def scaling() -> tuple[float, str] | None:
    """Return the measured share of the ideal speed on two nodes, 0 to 1, and how it was measured; None without."""
    content = json.loads(files("rs_srgan.batch").joinpath("measured.json").read_text(encoding="utf-8"))
    found = content.get("two_nodes")
    return None if found is None else (float(found["efficiency"]), str(found["source"]))


def estimate(
    tiles: float, model: str, machines: Machines = Machines(), prices: Prices = Prices(), months: float = 1.0
) -> list[Line]:
    """Return the lines of a plan.

    Args:
        tiles: number of Sentinel-2 tiles, each on one date.
        model: name of a bundled model.
        machines: the machines.
        prices: the prices.
        months: time for which the results are stored.

    Raises:
        InputError: a number is out of range, or the model was not measured.
    """
    for name, value, least in (
        ("nodes", machines.nodes, 1),
        ("cores", machines.cores, 1),
        ("gpus", machines.gpus, 0),
        ("months", months, 0),
        *((f"price of {name}", value, 0) for name, value in vars(prices).items()),
    ):
        if not least <= value < float("inf"):
            raise InputError(f"{name} is {value:g}; expected a number of at least {least:g}.")
    for name, value in (("tiles", tiles), ("gpu-speed", 1 if machines.gpu_px is None else machines.gpu_px)):
        if not 0 < value < float("inf"):
            raise InputError(f"{name} is {value:g}; expected a number above 0.")
    if machines.gpu_px is not None and not machines.gpus:
        raise InputError("gpu-speed needs GPUs; give their number in each node, too (gpus, --gpus).")
    known = measured_models()
    if model not in known:
        raise InputError(f"{model} was not measured; expected one of {', '.join(known)}.")
    figures = known[model]
    lr_px = (_TILE_M / figures.gsd_m) ** 2 * tiles
    pace, kind, note = _pace(figures, machines)
    seconds = lr_px / pace
    hours = seconds / 3600
    area = tiles * _KM2_OF_TILE
    compute = hours * machines.nodes * (machines.cores * prices.core_hour + machines.gpus * prices.gpu_hour)
    gb_in, gb_out = lr_px * figures.input_bytes / 1e9, lr_px * figures.output_bytes / 1e9
    store = gb_out * prices.gb_month * months
    per_million = _MILLION_KM2 / area
    extrapolated = _EXTRAPOLATED
    size_in, size_out = (
        f"{each:.3g} bytes per LR pixel measured" for each in (figures.input_bytes, figures.output_bytes)
    )
    workers = _workers(machines)
    memory = workers * figures.memory_gb + _RAY_GB
    worker = f"{figures.memory_gb:.2g} GB measured with two threads, more threads need more"
    needs = f"{workers} x {worker}; {_RAY_GB} GB for Ray"
    month = "1 month" if months == 1 else f"{months:g} months"
    hourly = f"{prices.core_hour:g} a core-hour, {prices.gpu_hour:g} a GPU-hour"
    wide = f"{_TILE_M / 1000:g} km at {figures.gsd_m:g} m, overlaps too"
    return [
        Line("area", f"{area / 1e6:,.3g} million km²", _GIVEN, f"{tiles:,g} tiles, one each {_STEP_M // 1000} km"),
        Line("LR pixels", f"{lr_px / 1e9:,.4g} billion", _GIVEN, wide),
        Line("time of a core", f"{figures.core_seconds:.3g} s per million LR pixels", _MEASURED, figures.source),
        Line("pace", f"{pace / 1e6:,.3g} million LR pixels a second", kind, note),
        Line("time", _duration(seconds), extrapolated, "LR pixels / pace"),
        Line("memory", f"at least {memory:,.1f} GB a node", extrapolated, needs),
        Line("traffic, read", _bytes(gb_in), extrapolated, size_in),
        Line("storage and traffic, written", _bytes(gb_out), extrapolated, size_out),
        Line("cost, computing", f"{compute:,.2f}", _ASSUMED, hourly),
        Line("cost, storage", f"{store:,.2f} for {month}", _ASSUMED, f"{prices.gb_month:g} a GB-month"),
        Line("time per million km²", _duration(seconds * per_million), extrapolated, ""),
        Line("storage per million km²", _bytes(gb_out * per_million), extrapolated, ""),
        Line("cost per million km²", f"{(compute + store) * per_million:,.2f}", _ASSUMED, "computing and storage"),
    ]


def _workers(machines: Machines) -> int:
    """Return the number of workers of a node: at most 8 cores each, and one for each GPU."""
    return max(machines.gpus, -(-machines.cores // 8)) if machines.gpus else -(-machines.cores // 8)


def _pace(figures: Figures, machines: Machines) -> tuple[float, str, str]:
    """Return LR pixels a second of all nodes, how far that is measured, and why."""
    core = 1e6 / figures.core_seconds
    share, why = _efficiency(machines)
    if machines.gpus:
        one = machines.gpu_px or core * _GPU_CORES
        kind = _EXTRAPOLATED if machines.gpu_px else _ASSUMED
        how = f"{one:,.0f} a GPU given" if machines.gpu_px else f"a GPU as {_GPU_CORES} cores: a guess, see --gpu-speed"
        return one * machines.gpus * machines.nodes * share, kind, f"{how}; {why}"
    kind = _MEASURED if machines.nodes == 1 and machines.cores <= 2 else _EXTRAPOLATED
    return core * machines.cores * machines.nodes * share, kind, f"cores a node: {machines.cores}; {why}"


def _efficiency(machines: Machines) -> tuple[float, str]:
    """Return the share of the ideal speed that several nodes reach, and where it comes from."""
    if machines.nodes == 1:
        return 1.0, "one node"
    found = scaling()
    if found is None:
        return 0.9, "0.9 of the ideal speed on several nodes: a guess"
    return found[0], f"{found[0]:.2f} of the ideal speed as {found[1]}"


def _duration(seconds: float) -> str:
    """Return a time for people."""
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.3g} {unit}"
    return f"{seconds:,.3g} seconds"


def _bytes(gb: float) -> str:
    """Return a size for people."""
    for unit, size in (("PB", 1e6), ("TB", 1e3)):
        if gb >= size:
            return f"{gb / size:,.3g} {unit}"
    return f"{gb:,.3g} GB"
