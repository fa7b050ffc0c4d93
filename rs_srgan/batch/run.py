"""`super_resolve_many`: a list of scenes in, a folder of results out, on all machines of a Ray cluster."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from rs_srgan.addresses import is_item
from rs_srgan.batch.cluster import Share, connected, nodes_now, require_ray, share_of
from rs_srgan.batch.manifest import Manifest, Record, Written, inputs_of, request_of
from rs_srgan.batch.output import OutputFolder
from rs_srgan.batch.result import BatchReport, Failure
from rs_srgan.batch.rows import Row, Rows, is_address, read_rows
from rs_srgan.batch.state import State
from rs_srgan.batch.task import SceneTask, Target
from rs_srgan.errors import InputError
from rs_srgan.hub.names import DEFAULT_MODEL, REVISITS_MODEL, local_files
from rs_srgan.inference.options import PredictOptions
from rs_srgan.models import MISR, SISR
from rs_srgan.models.loading import named_model
from rs_srgan.writing.guard import require_unread

logger = logging.getLogger(__name__)

REPORT_JSON, REPORT_TEXT = "report.json", "report.md"
_MARK = "manifest/run.txt"


def super_resolve_many(
    rows: Rows,
    folder: str | Path,
    model: str | Path | SISR | MISR | None = None,
    options: PredictOptions | None = None,
    *,
    address: str | None = None,
    cpus_per_worker: int | None = None,
    gpus_per_worker: float = 0.0,
    retries: int = 3,
    stall_seconds: float = 900.0,
    progress: Callable[[State], None] | None = None,
    **keywords: object,
) -> BatchReport:
    """Super-resolve many scenes on Ray, each into a GeoTIFF with the pixels that `super_resolve` computes.

    A scene that fails does not stop the others. The same call again does only what is missing: the folder holds a
    manifest with the options, the fingerprint of the model, and the checksums of all results. At the end it holds
    report.json and report.md, too.

    Args:
        rows: a folder, a pattern, a list as text, CSV or Parquet, or the sources or rows; see `read_rows`.
        folder: the folder of the results: a path that all nodes share, or an address that fsspec knows, for example
            s3://bucket/folder.
        model: the model of rows that name none; by default as in `super_resolve`.
        options: options of all scenes; keywords take precedence, and options of a row take precedence over both.
        address: address of a Ray cluster; None for the one that RAY_ADDRESS names, else for this machine alone.
        cpus_per_worker: cores of each worker; None for all of the smallest node, at most 8.
        gpus_per_worker: GPUs of each worker, for example 0.5.
        retries: number of times that a step is tried again, elsewhere if possible, before its scene fails.
        stall_seconds: time after which a worker or writer that does not answer is replaced.
        progress: a function that is called with the state after every change.
        **keywords: options; see `super_resolve`. A batch always resumes.

    Returns:
        what was done, what failed and why, and how fast.

    Raises:
        InputError: the list, an option or the folder cannot be used, Ray is not installed, or the folder holds results
            of another request.
    """
    require_ray()
    if retries < 0 or not stall_seconds > 0:
        raise InputError(f"retries is {retries} and stall_seconds {stall_seconds}; expected at least 0, and above 0.")
    chosen = (options or PredictOptions()).replace(keywords)
    if chosen.uncertainty is not None:
        raise InputError("uncertainty names one file. Name a file for each scene in the column uncertainty of a list.")
    own = {name: str(Path(value).absolute()) for name in ("aoi",) if (value := getattr(chosen, name)) is not None}
    chosen = chosen.replace(own)
    given, output = read_rows(rows), OutputFolder(folder)
    output.require_possible()
    _require_unread(given, output, chosen, model)
    with connected(address) as dashboard:
        share = share_of(nodes_now(), cpus_per_worker, gpus_per_worker)
        if dashboard:
            logger.info("Dashboard: %s", dashboard)
        plan = _Plan(given, output, model, chosen)
        return _run(plan, share, retries, stall_seconds, progress)


def _run(
    plan: "_Plan",
    share: Share,
    retries: int,
    stall_seconds: float,
    progress: Callable[[State], None] | None,
) -> BatchReport:
    from rs_srgan.batch.crew import Crew  # an extra
    from rs_srgan.batch.schedule import Schedule  # an extra

    crew = Crew(share)
    schedule = Schedule(list(plan.works), crew, plan.report, retries, stall_seconds)
    try:
        for state in schedule.run():
            plan.report.seconds = state.seconds
            if progress:
                progress(state)
    except BaseException:
        schedule.stop()
        raise
    finally:
        crew.end()
        plan.manifest.flush()
        plan.output.write_text(REPORT_JSON, plan.report.json())
        plan.output.write_text(REPORT_TEXT, plan.report.markdown())
    return plan.report


def _require_unread(
    rows: list[Row], output: OutputFolder, options: PredictOptions, model: str | Path | SISR | MISR | None
) -> None:
    """Check that no result replaces an image, a mask, an area or a model that is read."""
    if output.local is None:
        return
    names = [name for row in rows for name in row.outputs]
    written = [output.local / name for name in (*names, REPORT_JSON, REPORT_TEXT)]
    existing = [path for path in written if path.exists()]
    if existing:
        require_unread(existing, _read(rows, options, model))


def _read(rows: list[Row], options: PredictOptions, model: str | Path | SISR | MISR | None) -> Iterator[str | Path]:
    """Yield the paths that a batch reads."""
    folders = {each for each in (model, *(row.model for row in rows)) if isinstance(each, str | Path)}
    for each in folders:
        yield from local_files(each)
    for row in rows:
        chosen = options.replace(row.options)
        masks = [each for each in chosen.masks or [] if each not in (None, "-")]
        areas = [] if chosen.aoi is None else [chosen.aoi]
        yield from (each for each in (*row.sources, *masks, *areas) if not is_address(str(each)))


class _Plan:
    """What a run has to do: the scenes that are not done yet, and the models that they need."""

    def __init__(
        self, rows: list[Row], output: OutputFolder, model: str | Path | SISR | MISR | None, options: PredictOptions
    ) -> None:
        self.output, self._model, self._options = output, model, options
        self._models: dict[tuple[Any, ...], tuple[str, str, Any]] = {}
        self.manifest = Manifest(output, options.overwrite)
        self.report = BatchReport(len(rows))
        self.mark = (_MARK, uuid4().hex)
        sizes = output.sizes()
        self.works: list[_Work] = []
        for row in rows:
            chosen = options.replace({"resume": True, **row.options})
            name, fingerprint, reference = self._model_of(row, chosen)
            request = request_of(row, chosen, name, fingerprint)
            if self.manifest.is_done(row, request, sizes):
                self.report.earlier += 1
            elif foreign := [each for each in row.outputs if each in sizes and not self._may_replace(each)]:
                reason = (
                    f"{foreign[0]} exists, and no batch made it. Choose another folder, or overwrite it (--overwrite)."
                )
                self.report.failures.append(Failure(row.output, row.sources[0], reason, 1))
                logger.error("%s", reason, extra={"scene": row.output, "event": "failed"})
            else:
                self.works.append(_Work(self, row, chosen, request, fingerprint, reference))
        output.prepare()  # not before: a refused batch leaves no folder
        self.manifest.plan(name for work in self.works for name in work.row.outputs)
        output.write_text(*self.mark)

    def _may_replace(self, name: str) -> bool:
        """Return whether an existing file is a batch's own, or is to be overwritten."""
        return self._options.overwrite or name in self.manifest.planned

    def _model_of(self, row: Row, options: PredictOptions) -> tuple[str, str, Any]:
        """Return name, fingerprint and place in the object store of a row's model; each is loaded once."""
        import ray  # an extra

        several = len(row.sources) > 1 and not options.stack
        model = row.model or self._model or (REVISITS_MODEL if several else DEFAULT_MODEL)
        key = (model if isinstance(model, str | Path) else id(model), options.detail)
        if key not in self._models:
            loaded = named_model(model, options.detail)
            self._models[key] = loaded.name, loaded.fingerprint(), ray.put(loaded)
        return self._models[key]


@dataclass(frozen=True)
class _Work:
    """A scene to do; see `rs_srgan.batch.schedule.Work`."""

    plan: _Plan
    row: Row
    options: PredictOptions
    request: Mapping[str, Any]
    fingerprint: str
    reference: Any

    @property
    def several(self) -> bool:
        together = len(self.row.sources) > 1 and not self.options.stack
        return together or self.options.masks is not None or is_item(self.row.sources[0])

    def task(self, number: int) -> SceneTask:
        options = self.options.replace({"detail": None})  # it is in the weights
        return SceneTask(number, self.row.sources, options, self.fingerprint, (self.reference,))

    def target(self) -> Target:
        return Target(self.plan.output, self.row.outputs, resume=True, overwrite=True, mark=self.plan.mark)

    def finished(self, files: list[Written], lr_px: int, seconds: float) -> None:
        inputs = inputs_of(self.row.sources)
        self.plan.manifest.record(Record(self.row.output, self.request, inputs, files, lr_px, round(seconds, 3)))
