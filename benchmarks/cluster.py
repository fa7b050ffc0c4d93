"""Batches on Ray: python -m benchmarks.cluster PART [--scenes N] [--side PX] [--repeat N] [--write].

Prints a table, and with --write puts it into docs/cluster.md.

PART is one of:
    figures   time of a core, bytes and memory of every bundled model; writes rs_srgan/batch/measured.json
    speed     two nodes of one core against one, eight scenes and one large scene; Ray against predict. Idle machine!
    kills     a node killed at ten random moments, the driver killed ten times: pixels, files, what is done again
    memory    1,000 scenes of 64 x 64: memory of driver, worker and writer; 10,000 rows: time of the plan
    plans     Europe and the Earth's land, from the measured figures

`figures` needs RS_SRGAN_DATA. The nodes are processes of this machine: `ray.cluster_utils.Cluster`.
"""

import argparse
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine

from benchmarks.report import ROOT, write_block
from rs_srgan.evaluation.report.tables import table
from rs_srgan.hub.names import DEFAULT_MODEL
from rs_srgan.models.catalogue import BundledModel

_STORE = {"num_cpus": 1, "object_store_memory": 300 * 2**20}
_MEASURED = ROOT / "rs_srgan" / "batch" / "measured.json"
# Whole tiles in docs/benchmarks.md: LR pixels a second on two cores, bytes for an LR pixel, memory, command.
_WHOLE = {
    "sisr-x4-rgbn": (581e3, 9.99e9 / 10_980**2, 1.88, "benchmarks.scene, 10980 x 10980, JPEG 2000"),
    "misr-x4-rgbn": (140e3, 11.71e9 / 10_980**2, 2.68, "benchmarks.scene_revisits, 10980 x 10980, 4 revisits"),
}


def write_scene(path: Path, side: int, seed: int, bands: tuple[str, ...] = ("B04", "B03", "B02", "B08")) -> Path:
    """Write a GeoTIFF with smooth land, edges and noise, `side` pixels wide."""
    chance = np.random.default_rng(seed)
    rows, cols = np.mgrid[:side, :side]
    land = 900 + 400 * np.sin(rows / 7) * np.cos(cols / 5) + 600 * ((rows // 9 + cols // 11) % 2)
    dn = np.stack([land * (1 + 0.3 * band) + chance.normal(0, 30, land.shape) for band in range(len(bands))])
    profile = {"driver": "GTiff", "dtype": "uint16", "count": len(bands), "height": side, "width": side}
    place = {"crs": "EPSG:32632", "transform": Affine(10, 0, 6e5 + seed * 1e3, 0, -10, 5.1e6)}
    layout = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate"}
    with rasterio.open(path, "w", **layout, **profile, **place) as f:
        f.write(dn.clip(1, 10_000).astype(np.uint16))
        f.descriptions = bands
    return path


def pixels_of(path: Path) -> Any:  # noqa: ANN401
    with rasterio.open(path) as dataset:
        return dataset.read()


@contextmanager
def cluster(nodes: int) -> Iterator[Any]:
    """Give a cluster of nodes with one core each, on this machine, within a `with` block.

    Each node and what it starts keeps to a core of its own, where the system can do that (Linux). Otherwise threads
    that read and compress would use the cores of other nodes.
    """
    from ray.cluster_utils import Cluster

    with _on_core(0):
        made = Cluster(initialize_head=True, head_node_args=_STORE)
    for number in range(1, nodes):
        with _on_core(number):
            made.add_node(**_STORE)
    made.wait_for_nodes()
    try:
        yield made
    finally:
        made.shutdown()


@contextmanager
def _on_core(number: int) -> Iterator[None]:
    """Keep this process, and those that it starts, to one core within a `with` block."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(allowed)[number % len(allowed)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


# The time of a batch, without the start of Ray and of the workers, which a small first batch takes.
_TIMED = """
import ast, sys, time
import ray
from rs_srgan import super_resolve_many
sources, out, address, options = sys.argv[1], sys.argv[2], sys.argv[3], ast.literal_eval(sys.argv[4])
report = super_resolve_many(sources, out, address=address or None, **options)
assert not report.failures, report.failures
print(report.seconds)
"""


def timed_batch(sources: Path, out: Path, address: str, **options: object) -> float:
    """Return the seconds of a batch in a process of its own, from the start of its workers."""
    command = [sys.executable, "-c", _TIMED, str(sources), str(out), address, repr(options)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return float(done.stdout.split()[-1])


def timed_predict(sources: Path, out: Path, threads: int) -> float:
    """Return the seconds of `super_resolve` for all scenes, one after the other, in a process of its own."""
    script = (
        "import sys, time, pathlib; from rs_srgan import super_resolve, load_model\n"
        "model = load_model('sisr-x4-rgbn'); started = time.monotonic()\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
        f"    super_resolve(path, pathlib.Path(sys.argv[2]) / path.name, model, threads={threads}, progress=False)\n"
        "print(time.monotonic() - started)"
    )
    out.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", script, str(sources), str(out)], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return float(done.stdout.split()[-1])


def speed(scenes: int, side: int, large: int, repeat: int, keep: bool) -> str:
    """Measure one node against two, and Ray against predict, one after the other.

    Args:
        scenes: number of scenes.
        side: side of each, LR pixels.
        large: side of the scene that is alone, LR pixels.
        repeat: how often each is measured; the fastest counts, since other programs of the host only slow a run down.
        keep: keep the share of the ideal speed on two nodes for `rs-srgan plan`.
    """
    rows, times = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, count, width in (("many", scenes, side), ("one", 1, large)):
            (folder / kind).mkdir()
            for index in range(count):
                write_scene(folder / kind / f"s{index}.tif", width, index)
            seconds = {1: math.inf, 2: math.inf}
            for nodes in (1, 2) * repeat:
                out = folder / f"{kind}{nodes}"
                with cluster(nodes) as made, _on_core(0):  # the driver runs on the first node
                    took = timed_batch(folder / kind, out, made.address, cpus_per_worker=1)
                _tell(f"{kind}, {nodes} nodes: {took:.1f} s")
                seconds[nodes] = min(seconds[nodes], took)
                shutil.rmtree(out)
            what = f"{count} x {width} x {width}"
            times.append(seconds[1] / seconds[2])
            rows.append([what, f"{seconds[1]:.1f} s", f"{seconds[2]:.1f} s", f"{seconds[1] / seconds[2]:.2f}"])
        here = alone = math.inf
        for number in range(repeat):
            out = folder / f"alone{number}"
            singly = timed_predict(folder / "many", out, threads=2)
            batch = timed_batch(folder / "many", out, "", cpus_per_worker=2)
            _tell(f"predict: {singly:.1f} s, Ray: {batch:.1f} s")
            alone, here = min(alone, singly), min(here, batch)
            shutil.rmtree(out)
    over = (
        f"Ray on this machine, one worker of two threads: {here:.1f} s; predict: {alone:.1f} s; "
        f"{here / alone - 1:+.1%}. Each was measured {repeat} times; the fastest counts"
    )
    if keep:
        source = f"measured with {scenes} scenes of {side} x {side} on two nodes of one core"
        content = json.loads(_MEASURED.read_text(encoding="utf-8"))
        content["two_nodes"] = {"efficiency": round(min(1.0, times[0] / 2), 3), "source": source}
        _MEASURED.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return table(["LR pixels", "one node", "two nodes", "times"], rows) + f"\n\n{over}.\n"


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


_KILLED = """
import os, random, signal, sys, threading, time
from ray.cluster_utils import Cluster
from rs_srgan import super_resolve_many

sources, out, after, mode = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]
node = {"num_cpus": 1, "object_store_memory": 200 * 2**20}
cluster = Cluster(initialize_head=True, head_node_args=node)
second = cluster.add_node(**node)
state = {"started": None, "killed": False}

def watch(progress):
    state["started"] = state["started"] or time.monotonic()
    if mode != "none" and not state["killed"] and progress.share >= after:
        state["killed"] = True
        if mode == "driver":
            os.kill(os.getpid(), signal.SIGKILL)
        cluster.remove_node(second, allow_graceful=False)
        cluster.add_node(**node)

report = super_resolve_many(
    sources, out, address=cluster.address, cpus_per_worker=1, progress=watch, stall_seconds=60, tile=128
)
assert not report.failures, report.failures
print(report.done, report.earlier, report.retries, state["killed"])
"""


def kills(scenes: int, side: int, times: int) -> str:
    """Kill a node, and then the driver, at random moments."""
    from rs_srgan import super_resolve

    chance, rows = random.Random(0), []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        for index in range(scenes):
            write_scene(folder / "in" / f"s{index}.tif", side, index)
        truth = {
            path.stem: pixels_of(super_resolve(path, folder / path.name, tile=128, progress=False))
            for path in sorted((folder / "in").iterdir())
        }
        for mode in ("node", "driver"):
            wrong = left = again = repeated = struck = 0
            for number in range(times):
                out = folder / f"{mode}{number}"
                command = [sys.executable, "-c", _KILLED, str(folder / "in"), str(out), f"{chance.uniform(0.02, 0.9)}"]
                done = subprocess.run([*command, mode], capture_output=True, text=True, cwd=ROOT, check=False)
                if mode == "driver" and done.returncode == -signal.SIGKILL:
                    struck += 1
                    finished = {path.name: path.stat().st_mtime_ns for path in out.glob("*.tif")}
                    done = subprocess.run([*command, "none"], capture_output=True, text=True, cwd=ROOT, check=False)
                    repeated += sum((out / each).stat().st_mtime_ns != at for each, at in finished.items())
                if done.returncode:
                    raise RuntimeError(done.stderr[-3000:])
                *_, retries, killed = done.stdout.split()
                again += int(retries)
                struck += killed == "True"
                wrong += sum(int((pixels_of(out / f"{each}_sr.tif") != dn).sum()) for each, dn in truth.items())
                left += sum(".partial" in path.name for path in out.iterdir())
            rows.append([mode, str(struck), str(wrong), str(left), str(again), str(repeated)])
    head = ["killed", "times", "pixels that differ", "partial files", "blocks again", "finished scenes done again"]
    return table(head, rows) + f"\n\n{scenes} scenes of {side} x {side}, tiles of 128, two nodes of one core.\n"


_MEMORY = """
import os, sys
from rs_srgan import super_resolve_many
kinds = ("driver", "ray::Worker", "ray::Writer")
sizes = {}

def size(number):
    with open(f"/proc/{number}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6

def watch(state):
    sizes[state.done] = {"driver": size("self")}
    for number in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{number}/cmdline") as file:
                name = file.read()
            for kind in kinds[1:]:
                if name.startswith(kind):
                    sizes[state.done][kind] = size(number)
        except OSError:
            pass  # it has just ended

report = super_resolve_many(sys.argv[1], sys.argv[2], progress=watch)
assert not report.failures, report.failures
for last in (100, max(sizes)):
    print(*(max(each.get(kind, 0.0) for done, each in sizes.items() if done <= last) for kind in kinds))
print(report.seconds)
"""


def memory(scenes: int, side: int) -> str:
    """Measure the memory of driver, worker and writer over many small scenes, and the time to plan 10,000 rows."""
    from rs_srgan import PredictOptions
    from rs_srgan.batch.manifest import Manifest, request_of
    from rs_srgan.batch.output import OutputFolder
    from rs_srgan.batch.rows import read_rows

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        for index in range(scenes):
            write_scene(folder / "in" / f"s{index}.tif", side, index)
        command = [sys.executable, "-c", _MEMORY, str(folder / "in"), str(folder / "out")]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])
        *memories, (seconds,) = (tuple(map(float, line.split())) for line in done.stdout.splitlines())
        lines = "".join(f"/data/{index}.tif,256\n" for index in range(10_000))
        (folder / "list.csv").write_text(f"sources,tile\n{lines}", encoding="utf-8")
        output = OutputFolder(folder / "plan")
        output.prepare()
        started = time.process_time()
        rows, manifest, sizes = read_rows(folder / "list.csv"), Manifest(output), output.sizes()
        for row in rows:
            manifest.is_done(row, request_of(row, PredictOptions().replace(row.options), "m", "f"), sizes)
        manifest.plan(row.output for row in rows)
        planned = time.process_time() - started
    rows_of = [
        [kind, f"{early:.0f} MB", f"{late:.0f} MB", f"{late / early - 1:+.1%}"]
        for kind, early, late in zip(("driver", "worker", "writer"), *memories, strict=True)
    ]
    return (
        table(["largest memory", "to the 100th", "to the last", "more"], rows_of)
        + f"\n\n{scenes} scenes of {side} x {side} in {seconds:.0f} s. 10,000 rows are planned in {planned:.1f} s of a "
        "core.\n"
    )


_FIGURES = """
import json, resource, sys, time
from rs_srgan import load_model, super_resolve
from rs_srgan.inference.memory import save_memory
save_memory()
model = load_model(sys.argv[1]); sources, out = sys.argv[3:], sys.argv[2]
before = time.process_time()
super_resolve(sources if len(sources) > 1 else sources[0], out, model, progress=False, threads=2, overwrite=True)
used = time.process_time() - before
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
print(json.dumps({"core": used, "gb": peak}))
"""
# Revisits of a model of several views.
_VIEWS = 4


def _figures_of(model: BundledModel, safe: Path, folder: Path, side: int, processor: str) -> dict[str, object]:
    """Return the figures of a model on a product, or on copies of it; see `rs_srgan.batch.estimate.Figures`."""
    sources = [safe]
    for number in range(1, _VIEWS if model.several else 1):
        sources.append(folder / f"{number}" / safe.name)
        if not sources[-1].exists():
            shutil.copytree(safe, sources[-1], symlinks=True)
    out = folder / "out.tif"
    command = [sys.executable, "-c", _FIGURES, model.name, str(out), *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise RuntimeError(f"{model.name}: {done.stderr[-2000:]}")
    answer = json.loads(done.stdout.splitlines()[-1])
    gsd_m = 20 if model.guide_bands else 10
    lr_px = (side * 10 // gsd_m) ** 2
    bands = (*model.bands, *model.guide_bands)
    read = sum(path.stat().st_size for path in safe.rglob("*.jp2") if any(f"_{band}_" in path.name for band in bands))
    views = f", {_VIEWS} revisits" if model.several else ""
    return {
        "model": model.name,
        "gsd_m": gsd_m,
        "scale": model.scale,
        "core_seconds": round(answer["core"] / lr_px * 1e6, 3),
        "input_bytes": round(read * len(sources) / lr_px, 2),
        "output_bytes": round(out.stat().st_size / lr_px, 2),
        "memory_gb": round(answer["gb"], 2),
        "source": f"CPU time of predict, {side} x {side} of 10 m, JPEG 2000{views}, {processor}, two threads",
    }


def figures(side: int, only: str | None, processor: str) -> str:
    """Measure the time of a core for every bundled model: CPU time, so other programs disturb it little.

    Args:
        side: side of the product, pixels of 10 m.
        only: name of the model to measure; the others keep their figures. None for all.
        processor: name of this machine's processor, for the source of the figures.
    """
    from benchmarks.mosaic import product
    from rs_srgan import list_models

    content = json.loads(_MEASURED.read_text(encoding="utf-8")) if _MEASURED.exists() else {"two_nodes": None}
    kept = {each["model"]: each for each in content.get("models", [])} if only else {}
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        coarse = sorted({band for each in list_models() if each.guide_bands for band in each.bands})
        safe = product(folder, side, coarse)
        for each in list_models():
            if only and each.name != only:
                found += [kept[each.name]] if each.name in kept else []
                continue
            if each.name in _WHOLE:
                pace, written, gb, what = _WHOLE[each.name]
                found.append(_figures_of(each, safe, folder, side, processor))
                found[-1] |= {"core_seconds": round(2e6 / pace, 3), "output_bytes": round(written, 2), "memory_gb": gb}
                found[-1]["source"] = f"python -m {what}, AMD Zen 5, two cores"
            elif each.several:  # copies of a product count as one image
                continue
            else:
                found.append(_figures_of(each, safe, folder, side, processor))
            print(json.dumps(found[-1]), flush=True)
    _MEASURED.write_text(json.dumps(content | {"models": found}, indent=1) + "\n", encoding="utf-8")
    head = ["model", "core s per million LR px", "bytes read", "bytes written", "memory", "measured by"]
    rows = [
        [
            *(str(each["model"]), f"{each['core_seconds']:.2f}", f"{each['input_bytes']:.1f}"),
            *(f"{each['output_bytes']:.0f}", f"{each['memory_gb']:.2f} GB", str(each["source"])),
        ]
        for each in found
    ]
    return table(head, rows) + "\n"


def plans() -> str:
    """Estimate Europe on one date, and the Earth's land: 149 million km², one tile for each 10,000 km²."""
    from rs_srgan.batch.estimate import Machines, estimate

    wanted = (
        ("Europe, one date", 1000, Machines(10, 16)),
        ("the Earth's land, once", 14_900, Machines(100, 16)),
        ("the Earth's land for a year, every five days", 14_900 * 73, Machines(500, 32)),
    )
    rows = []
    for name, tiles, machines in wanted:
        lines = {line.name: line.value for line in estimate(tiles, DEFAULT_MODEL, machines)}
        where = f"{machines.nodes} x {machines.cores} cores"
        shown = ("time", "traffic, read", "storage and traffic, written", "cost, computing", "cost per million km²")
        rows.append([name, f"{tiles:,}", where, *(lines[each] for each in shown)])
    head = [
        "",
        "tiles",
        "machines",
        "time",
        "read",
        "written",
        "computing, $",
        "per million km², with a month of storage, $",
    ]
    return table(head, rows) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("figures", "speed", "kills", "memory", "plans"))
    parser.add_argument("--scenes", type=int, help="number of scenes (speed: 8, kills: 4, memory: 1000)")
    parser.add_argument(
        "--side", type=int, help="side of a scene, LR pixels (speed, figures: 2048, kills: 512, memory: 64)"
    )
    parser.add_argument("--large", type=int, default=4096, help="side of the large scene of speed")
    parser.add_argument("--repeat", type=int, default=2, help="measure each this often; the fastest counts (speed)")
    parser.add_argument("--model", help="measure this model only (figures)")
    parser.add_argument(
        "--processor", default="unnamed processor", help="name of the processor, for the source (figures)"
    )
    parser.add_argument("--times", type=int, default=10, help="kills of each kind")
    parser.add_argument("--write", action="store_true", help="write the table into docs/cluster.md")
    options = parser.parse_args()
    match options.part:
        case "figures":
            text = figures(options.side or 2048, options.model, options.processor)
        case "speed":
            text = speed(options.scenes or 8, options.side or 2048, options.large, options.repeat, options.write)
        case "kills":
            text = kills(options.scenes or 4, options.side or 512, options.times)
        case "memory":
            text = memory(options.scenes or 1000, options.side or 64)
        case _:
            text = plans()
    print(text)
    if options.write:
        write_block(ROOT / "docs" / "cluster.md", options.part, text.rstrip())


if __name__ == "__main__":
    main()
