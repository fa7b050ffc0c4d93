"""`Schedule`: which actor does what next. It runs in the driver, which never holds a pixel.

A worker opens a scene and returns its outline. A writer begins the result. Workers take groups of tiles, a few tiles at
a time, and the writer of the scene fetches their blocks from the workers' nodes as soon as they are there. The number
of open scenes and of blocks under way is bounded by the number of workers, so memory does not grow with the list.
"""

import logging
import time
from collections import Counter, defaultdict, deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import ray
from ray.exceptions import RayError, RayTaskError

from rs_srgan.addresses import without_secrets
from rs_srgan.batch.calls import Calls
from rs_srgan.batch.crew import SLOTS, Crew, Member
from rs_srgan.batch.groups import group
from rs_srgan.batch.manifest import Written
from rs_srgan.batch.result import BatchReport, Failure, Timing
from rs_srgan.batch.rows import Row
from rs_srgan.batch.state import State
from rs_srgan.batch.task import Opened, SceneTask, Target
from rs_srgan.errors import InputError, ReadError
from rs_srgan.inference.outline import Outline
from rs_srgan.inference.tally import Tally
from rs_srgan.writing.unfinished import FULL_DISK

logger = logging.getLogger(__name__)

# Seconds between looks at the nodes of the cluster.
_LOOK_SECONDS = 5.0
_STOP_SECONDS = 10.0
# Open scenes for each worker: while some are opened or published, others are computed.
_OPEN_EACH = 4
# Registration of revisits, and overviews and uploads of large results, take longer than a block.
_PATIENCE = 8.0
# Calls that a worker has at a time at the end of a batch: with more, the slowest one would keep all others waiting.
_LAST_SLOTS = 2
# Actors that may fail to start, one after the other.
_FAILED_STARTS = 10


class Work(Protocol):
    """A scene of the list that is to be done."""

    @property
    def row(self) -> Row:
        """The row of the list."""
        ...

    @property
    def several(self) -> bool:
        """True if its images are registered or fetched, which only one worker should do."""
        ...

    def task(self, number: int) -> SceneTask:
        """Return what workers are told."""
        ...

    def target(self) -> Target:
        """Return where the result goes."""
        ...

    def finished(self, files: list[Written], lr_px: int, seconds: float) -> None:
        """Record the result."""
        ...


@dataclass
class _Active:
    """A scene under way."""

    work: Work
    task: SceneTask
    target: Target
    started: float
    outline: Outline | None = None
    writer: Member | None = None
    begun: bool = False
    groups: deque[deque[int]] = field(default_factory=deque)
    flying: set[int] = field(default_factory=set)
    ready: dict[int, Any] = field(default_factory=dict)
    written: set[int] = field(default_factory=set)
    writing: bool = False
    publishing: bool = False
    attempts: Counter[object] = field(default_factory=Counter)
    avoid: dict[object, Member] = field(default_factory=dict)
    stages: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    tally: Tally = field(default_factory=Tally)
    counted_all: bool = True
    computed_px: int = 0
    retries: int = 0


class Schedule:
    """Takes scenes through the actors.

    Args:
        works: the scenes to do.
        crew: the actors.
        report: counts what happens.
        retries: number of times that a step is tried again before its scene fails.
        stall_seconds: time after which an actor that does not answer is replaced.
    """

    def __init__(
        self, works: Sequence[Work], crew: Crew, report: BatchReport, retries: int, stall_seconds: float
    ) -> None:
        self._waiting: Iterator[tuple[int, Work]] = iter(enumerate(works))
        self._total, self._rest, self._unopened_scenes = len(works), len(works), len(works)
        self._crew, self._report, self._retries, self._stall = crew, report, retries, stall_seconds
        self._active: dict[int, _Active] = {}
        self._calls = Calls(stall_seconds)
        self._leases: dict[int, tuple[_Active, deque[int]]] = {}  # by id of the worker
        self._failed_starts = 0
        self._started = self._looked = time.monotonic()
        self._again: deque[int] = deque()  # scenes to open once more
        self._warned = False
        self._stops: list[Any] = []  # of failed scenes

    def run(self) -> Generator[State]:
        """Do all scenes; yield after every change.

        Raises:
            InputError: no actor can be started.
        """
        self._grow()
        while self._rest:
            self._fill()
            for member in self._calls.take_answers():
                self._replace(member, "died")
            self._check()
            yield self._state()
        self._wait_for(self._stops)

    def stop(self) -> None:
        """Let the writers keep finished work; call it when the run is cancelled."""
        self._stops += [
            scene.writer.handle.stop.remote(number)
            for number, scene in self._active.items()
            if scene.writer is not None and scene.begun
        ]
        self._wait_for(self._stops)

    def _wait_for(self, references: list[Any]) -> None:
        """Wait until the writers have closed their files."""
        if references:
            ray.wait(references, num_returns=len(references), timeout=_STOP_SECONDS)

    def _state(self) -> State:
        report = self._report
        under_way = [(each.computed_px, each.outline.lr_px) for each in self._active.values() if each.outline]
        partly = sum(px / total for px, total in under_way)
        return State(
            report.scenes,
            report.done + report.earlier,
            report.earlier,
            len(report.failures),
            report.lr_px + sum(px for px, _ in under_way),
            time.monotonic() - self._started,
            report.by_node,
            min(1.0, (report.done + len(report.failures) + partly) / max(1, self._total)),
        )

    # Actors

    def _grow(self) -> None:
        self._looked = time.monotonic()
        for reference, member in self._crew.grow():
            self._calls.add(member, reference, partial(self._arrived, member), partial(self._unborn, member))

    def _arrived(self, member: Member, place: Any) -> None:  # noqa: ANN401
        member.place, self._failed_starts = place, 0
        for scene in self._active.values():
            self._advance(scene)

    def _unborn(self, member: Member, error: Exception) -> None:
        self._failed_starts += 1
        self._crew.dismiss(member)
        if self._failed_starts >= _FAILED_STARTS:
            reason = str(error.cause if isinstance(error, RayTaskError) else error).strip().splitlines()[-1]
            raise InputError(
                f"No worker can start on the nodes: {reason:.200} Install the same version of rs_srgan on all nodes."
            )

    def _check(self) -> None:
        """Replace actors that do not answer, and look for new nodes."""
        for member in self._calls.overdue():
            if member.place:  # else it still waits for its node
                self._replace(member, "does not answer")
        if time.monotonic() - self._looked >= _LOOK_SECONDS:
            self._grow()
            if not self._crew.workers and not self._warned:
                self._warned = True
                logger.warning("No node has room for a worker: waiting for one.")

    def _replace(self, member: Member, what: str) -> None:
        """Do the calls of an actor elsewhere, and replace it, unless that is done.

        Args:
            member: the actor.
            what: what is wrong with it, for people.
        """
        if member not in (*self._crew.workers, *self._crew.writers):
            return
        where = member.place.host if member.place else "a node"
        logger.warning("An actor on %s %s: its work is done elsewhere.", where, what)
        self._crew.dismiss(member)
        self._leases_back(member)
        for call in self._calls.withdraw(member):
            call.fail(ConnectionError("the node or the process died, or did not answer"))
        for number in list(member.scenes):
            if number in self._active:
                self._restart(self._active[number])
        self._grow()

    def _leases_back(self, member: Member) -> None:
        lease = self._leases.pop(id(member), None)
        if lease and lease[1]:
            lease[0].groups.appendleft(lease[1])

    # Workers

    def _fill(self) -> None:
        """Give the workers calls, one each in turn, so that all have some."""
        workers = self._crew.ready_workers()
        busy = True
        while busy:
            busy = False
            slots = self._slots()
            for worker in workers:
                if worker.calls < slots and worker in self._crew.workers:
                    busy = self._next(worker) or busy

    def _slots(self) -> int:
        """Return how many calls a worker may have: fewer when the last tiles of the batch are given out."""
        workers = max(1, len(self._crew.workers))
        if self._unopened_scenes or self._again or not all(scene.begun for scene in self._active.values()):
            return SLOTS
        left = sum(len(numbers) for scene in self._active.values() for numbers in scene.groups)
        left += sum(len(numbers) for _, numbers in self._leases.values())
        return min(SLOTS, max(_LAST_SLOTS, left // workers))

    def _next(self, worker: Member) -> bool:
        """Give a worker a block or a scene to open; return whether there was one."""
        lease = self._leases.get(id(worker))
        if lease is None or not lease[1] or lease[0].task.number not in self._active:
            lease = self._lease(worker)
        if lease is not None:
            scene, numbers = lease
            self._leases[id(worker)] = lease
            self._compute(worker, scene, numbers.popleft())
            return True
        if self._again:
            return self._open_again(worker)
        if len(self._active) >= _OPEN_EACH * len(self._crew.workers):
            return False
        return self._open_next(worker)

    def _lease(self, worker: Member) -> tuple[_Active, deque[int]] | None:
        """Return the next group for a worker, of the scene that was begun first."""
        alone = len(self._crew.ready_workers()) == 1
        bound = SLOTS * (len(self._crew.workers) + 1)
        for scene in self._active.values():
            if not scene.begun or len(scene.ready) > bound:
                continue
            for numbers in scene.groups:
                if alone or scene.avoid.get(numbers[0]) is not worker:
                    scene.groups.remove(numbers)
                    return scene, numbers
        return None

    def _compute(self, worker: Member, scene: _Active, index: int) -> None:
        scene.flying.add(index)
        note, blocks = worker.handle.compute.options(num_returns=2).remote(scene.task, index)
        self._calls.add(
            worker,
            note,
            partial(self._computed, scene, worker, index, blocks),
            partial(self._uncomputed, scene, worker, index, blocks),
        )

    def _computed(self, scene: _Active, worker: Member, index: int, blocks: Any, note: Any) -> None:  # noqa: ANN401
        scene.flying.discard(index)
        if self._active.get(scene.task.number) is not scene or scene.outline is None:
            return
        request = scene.outline.request
        expected = f"{request['engine']}, {request['version of rs_srgan or its engine']}"
        if note.engine != expected:
            self._fail(
                scene,
                InputError(
                    f"Nodes compute with different engines: {expected}, and {note.engine} on "
                    f"{worker.place.host if worker.place else '?'}. Choose one: --engine, --precision."
                ),
                1,
            )
            return
        for stage, seconds in note.seconds.items():
            scene.stages[stage] += seconds
        if note.counts is not None:
            scene.tally.add(*note.counts)
        core = scene.outline.parts[index].core
        scene.computed_px += core.height * core.width
        self._report.by_engine[note.engine] += core.height * core.width
        if worker.place:
            self._report.by_node[worker.place.host] += core.height * core.width
        scene.ready[index] = blocks
        self._advance(scene)

    def _uncomputed(self, scene: _Active, worker: Member, index: int, blocks: Any, error: Exception) -> None:  # noqa: ANN401
        scene.flying.discard(index)
        with suppress(RayError):  # the same error: Ray prints a traceback for answers that nobody looked at
            ray.get(blocks, timeout=0)
        if self._active.get(scene.task.number) is scene and self._again_after(scene, index, worker, error):
            scene.groups.appendleft(deque([index]))

    def _again_after(self, scene: _Active, step: object, member: Member | None, error: Exception) -> bool:
        """Return whether a step is tried again after an error; if not, the scene fails."""
        scene.attempts[step] += 1
        final = isinstance(error, InputError) and not isinstance(error, ReadError)
        full = isinstance(error, OSError) and error.errno in FULL_DISK
        if final or full or scene.attempts[step] > self._retries:
            self._fail(scene, error, scene.attempts[step])
            return False
        scene.retries += 1
        self._report.retries += 1
        if member is not None:
            scene.avoid[step] = member
        logger.warning(
            "%s: %s is done again, because %s.",
            *(scene.target.names[0], f"block {step}" if isinstance(step, int) else step, _words(error).rstrip(".")),
            extra={"scene": scene.target.names[0], "block": step, "event": "retry"},
        )
        return True

    # Scenes

    def _open_next(self, worker: Member) -> bool:
        """Let a worker open the next scene; return whether there was one."""
        number, work = next(self._waiting, (0, None))
        if work is None:
            return False
        self._unopened_scenes -= 1
        scene = self._active[number] = _Active(work, work.task(number), work.target(), time.monotonic())
        self._open(worker, scene)
        return True

    def _open_again(self, worker: Member) -> bool:
        """Let a worker open a scene that another one could not open; return whether there was one."""
        alone = len(self._crew.ready_workers()) == 1
        for number in list(self._again):
            scene = self._active.get(number)
            if scene is None or alone or scene.avoid.get("opening") is not worker:
                self._again.remove(number)
                if scene is not None:
                    self._open(worker, scene)
                return True
        return False

    def _open(self, worker: Member, scene: _Active) -> None:
        self._calls.add(
            worker,
            worker.handle.open.remote(scene.task),
            partial(self._opened, scene),
            partial(self._unopened, scene, worker),
            _PATIENCE,
        )

    def _opened(self, scene: _Active, opened: Opened) -> None:
        scene.outline = opened.outline
        self._warn(scene, opened.warnings)
        self._advance(scene)

    def _unopened(self, scene: _Active, worker: Member, error: Exception) -> None:
        if self._active.get(scene.task.number) is scene and self._again_after(scene, "opening", worker, error):
            self._again.append(scene.task.number)

    def _advance(self, scene: _Active) -> None:
        """Do the next step of a scene's writer, if it is time for one."""
        if self._active.get(scene.task.number) is not scene or scene.outline is None:
            return
        number = scene.task.number
        if scene.writer is None:
            scene.writer = writer = self._crew.next_writer()
            if writer is not None:
                writer.scenes.add(number)
                self._ask_writer(scene, writer.handle.begin.remote(number, scene.outline, scene.target), self._begun)
            return
        if not scene.begun or scene.writing or scene.publishing:
            return
        if scene.ready:
            taken, scene.ready, scene.writing = scene.ready, {}, True
            indexes = list(taken)
            reference = scene.writer.handle.write.remote(number, indexes, list(taken.values()), self._stall / 2)
            self._ask_writer(scene, reference, partial(self._wrote, indexes, time.monotonic()))
        elif len(scene.written) == len(scene.outline.parts):
            scene.publishing = True
            self._ask_writer(
                scene, scene.writer.handle.publish.remote(number), partial(self._published, time.monotonic())
            )

    def _ask_writer(self, scene: _Active, reference: Any, succeed: Any) -> None:  # noqa: ANN401
        writer = scene.writer
        assert writer is not None

        def current() -> bool:
            return self._active.get(scene.task.number) is scene and scene.writer is writer

        def done(answer: Any) -> None:  # noqa: ANN401
            if current():
                succeed(scene, answer)

        def failed(error: Exception) -> None:
            if current() and self._again_after(scene, "writing", None, error):
                self._restart(scene)

        self._calls.add(writer, reference, done, failed, _PATIENCE)

    def _begun(self, scene: _Active, done: int) -> None:
        assert scene.outline is not None
        parts = scene.outline.parts
        scene.begun, scene.written = True, set(range(done))
        scene.computed_px = sum(each.core.height * each.core.width for each in parts[:done])
        scene.tally.empty = scene.counted_all = done == 0
        leased = {index for other, numbers in self._leases.values() if other is scene for index in numbers}
        wanted = set(range(done, len(parts))) - scene.flying - set(scene.ready) - leased
        scene.groups = group(parts, wanted, max(1, len(self._crew.workers)), scene.work.several)
        self._advance(scene)

    def _wrote(self, indexes: list[int], started: float, scene: _Active, lost: list[int]) -> None:
        scene.writing = False
        scene.stages["write"] += time.monotonic() - started
        scene.written.update(set(indexes) - set(lost))
        for index in lost:
            error = ConnectionError("its pixels were lost with a node")
            if not self._again_after(scene, index, None, error):
                return
            scene.groups.appendleft(deque([index]))
        self._advance(scene)

    def _published(self, started: float, scene: _Active, files: list[Written]) -> None:
        assert scene.outline is not None
        scene.stages["write"] += time.monotonic() - started
        seconds = time.monotonic() - scene.started
        name = scene.target.names[0]
        bands = scene.outline.bands if scene.counted_all else ()
        self._warn(scene, scene.tally.warnings(scene.outline.name, bands, scene.outline.storable))
        scene.work.finished(files, scene.outline.lr_px, seconds)
        self._report.finish(Timing(seconds, name, scene.outline.lr_px, dict(scene.stages), scene.retries))
        stages = ", ".join(f"{stage} {time_:.1f}" for stage, time_ in scene.stages.items())
        logger.info(
            "%s: %.1f s for %d pixels (%s).",
            *(name, seconds, scene.outline.lr_px, stages),
            extra={"scene": name, "event": "done", "seconds": round(seconds, 3), "lr_px": scene.outline.lr_px},
        )
        self._leave(scene)

    def _warn(self, scene: _Active, warnings: Iterable[str]) -> None:
        for warning in warnings:
            self._report.warnings += 1
            logger.warning("%s", warning, extra={"scene": scene.target.names[0], "event": "warning"})

    def _restart(self, scene: _Active) -> None:
        """Begin a result with another writer; blocks that the old one settled in a shared folder stay."""
        if scene.writer is not None:
            scene.writer.scenes.discard(scene.task.number)
        scene.writer, scene.begun, scene.writing, scene.publishing = None, False, False, False
        scene.groups.clear()
        self._advance(scene)

    def _fail(self, scene: _Active, error: Exception, attempts: int) -> None:
        if scene.begun and scene.writer is not None and scene.writer in self._crew.writers:
            self._stops.append(scene.writer.handle.stop.remote(scene.task.number))
        self._report_failure(scene.work, error, attempts)
        self._leave(scene)

    def _report_failure(self, work: Work, error: Exception, attempts: int) -> None:
        row, reason = work.row, _words(error)
        self._report.failures.append(Failure(row.output, row.sources[0], reason, attempts))
        logger.error("%s failed: %s", row.output, reason, extra={"scene": row.output, "event": "failed"})

    def _leave(self, scene: _Active) -> None:
        del self._active[scene.task.number]
        self._rest -= 1
        if scene.writer is not None:
            scene.writer.scenes.discard(scene.task.number)
        for worker, (other, _) in list(self._leases.items()):
            if other is scene:
                del self._leases[worker]


def _words(error: Exception) -> str:
    """Return an error in one line for people."""
    first = without_secrets(" ".join(str(error).split()))
    if isinstance(error, InputError | ConnectionError):
        return first[:500]
    if isinstance(error, OSError) and error.strerror:
        return without_secrets(f"{error.strerror}: {error.filename}") if error.filename else error.strerror
    return f"{type(error).__name__}: {first[:500]}"
