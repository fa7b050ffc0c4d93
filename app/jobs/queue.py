"""The queue of jobs: from waiting to running to done, until the server removes them."""

import dataclasses
import logging
import secrets
import shutil
import time
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Condition, Thread

from app.errors import Gone
from app.jobs.models import Models
from app.jobs.outlook import Outlook, look
from app.jobs.pace_file import read_pace, write_pace
from app.jobs.parts import Laps, laps_of
from app.jobs.request import TILE_LR_PX, Request
from app.jobs.views import read_views, title_of
from app.jobs.worker import Failed, Step, Times, Worker
from app.sandbox.reader import Readers
from app.settings import Settings
from rs_srgan import InputError

logger = logging.getLogger(__name__)

WAITING, RUNNING, DONE, FAILED, STOPPED = "waiting", "running", "done", "failed", "stopped"
_ENDED = (DONE, FAILED, STOPPED)

MAX_WAITING = 40
# Longest part of a visitor's name in the names of files.
_MOST_CHARACTERS = 120
# Number of models that a computing process keeps.
_KEPT_MODELS = 4
# Seconds between two searches for jobs and products to remove.
SWEEP_SECONDS = 20.0
# A pace is measured over so many LR pixels: with their halos, small tiles are slow.
_MEASURED_PX = 2 * TILE_LR_PX**2

# The least time that is left of a job that takes longer than estimated.
_SOONEST_SECONDS = 1.0

# The pace that ranks jobs. It is fixed: with estimates that change, equal jobs could pass each other.
_RANK_PX_PER_SECOND = 100_000.0
UNWATCHED = "Nobody watched this job while others waited, so the server ended it. Start it again if you need it."

GONE = "The server does not have this job: the address is wrong, or the result has been removed."


@dataclass
class Job:
    """A request in the queue, and its result.

    Attributes:
        id: random text. Anybody who knows it can see the result.
        title: name of the image for people; of revisits the reference, once it is known.
        request: images, models and options.
        outlook: size of the request.
        folder: all files of the job; it is removed with the job.
        kept: True if the job is kept until the server ends.
        state: WAITING, RUNNING, DONE, FAILED or STOPPED.
        step: latest progress, None before the first.
        first: progress after the first tile, which also has the time of loading and compiling.
        times: times of its laps, once it is done.
        began: time.monotonic() of its start, or None.
        message: reason of the failure for people; empty if there is none.
        ended: time.monotonic() of the end, or None.
        stop_wanted: True after a visitor stopped the job.
        name: beginning of the names of its files; empty for that of the title.
        due: rank in the queue, see `Jobs.submit`; the smallest is next.
        seen: time.monotonic() when somebody last asked for it.
    """

    id: str
    title: str
    request: Request
    outlook: Outlook
    folder: Path
    kept: bool = False
    state: str = WAITING
    step: Step | None = None
    first: Step | None = None
    times: Times | None = None
    began: float | None = None
    message: str = ""
    ended: float | None = None
    stop_wanted: bool = False
    name: str = ""
    due: float = 0.0
    seen: float = field(default_factory=time.monotonic)

    @property
    def label(self) -> str:
        """The name of the image in figures and maps: an archive, which is the title of a product, may have any name."""
        return self.name or self.title

    @property
    def stem(self) -> str:
        """The beginning of the names under which visitors get its files."""
        return (self.name or Path(self.title).stem)[:_MOST_CHARACTERS]

    @property
    def pace(self) -> float | None:
        """LR pixels per second without the start-up; None until some whole tiles are done."""
        if self.step is None or self.first is None or self.step.seconds <= self.first.seconds:
            return None
        if self.step.done_px - self.first.done_px < _MEASURED_PX:
            return None
        return (self.step.done_px - self.first.done_px) / (self.step.seconds - self.first.seconds)

    @property
    def has_ended(self) -> bool:
        """True if the job is done, failed or stopped."""
        return self.state in _ENDED


class Jobs:
    """All jobs of a server, and the processes that compute them.

    Args:
        settings: settings of the server.
        models: the models that visitors can choose.

    Attributes:
        settings: settings of the server.
        models: the models that visitors can choose.
        readers: processes that open uploads.
        also_clear: functions that remove other old things; they are called with the seconds to keep.
    """

    def __init__(self, settings: Settings, models: Models) -> None:
        self.settings, self.models = settings, models
        self.readers = Readers([folder for folder in (settings.folder, settings.data_root) if folder])
        self._jobs: dict[str, Job] = {}
        self._waiting: list[Job] = []
        self._changed = Condition()
        self._closed = False
        self.also_clear: list[Callable[[float], None]] = []
        self._pace = read_pace(settings.pace_file)
        self._loaded: deque[str] = deque(maxlen=_KEPT_MODELS)
        self._engine = ""
        self._threads = [Thread(target=self._work, daemon=True) for _ in range(settings.concurrency)]
        self._threads.append(Thread(target=self._sweep, daemon=True))
        for thread in self._threads:
            thread.start()

    def new_name(self) -> str:
        """Return a random name that nobody can guess."""
        return secrets.token_urlsafe(16)

    @contextmanager
    def new_folder(self) -> Iterator[Path]:
        """Make a folder with a random name for the files of one visitor; remove it if the block raises an error."""
        folder = self.settings.folder / self.new_name()
        folder.mkdir(mode=0o700)
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def submit(self, request: Request, title: str, folder: Path, kept: bool = False, name: str = "") -> Job:
        """Put a request into the queue; return its job, whose id is the name of the folder.

        A job is due when it would end if its visitor were alone: now, plus the time of the visitor's other jobs, plus
        its own. Jobs run in this order. So small jobs pass large ones, and no visitor fills the queue. Jobs that come
        later cannot pass a job for longer than that time.

        Args:
            request: images, models and options.
            title: name of the image for people.
            folder: a folder from `new_folder`, for the files of the job.
            kept: True to keep the job until the server ends.
            name: beginning of the names of its files; empty for that of the title.

        Raises:
            InputError: the request cannot be met, the queue is full, or the visitor has too many jobs in it.
        """
        with self._changed:
            self._require_place(request.visitor)
        request = dataclasses.replace(request, engine=self.settings.engine)
        outlook = look(request, self.models, self.settings, self.readers)
        job = Job(folder.name, title, request, outlook, folder, kept, name=name)
        with self._changed:
            self._require_place(request.visitor)  # others may have come while `look` read the image
            own = self._waiting_of(request.visitor)
            work_px = outlook.work_px + sum(each.outlook.work_px for each in own)
            job.due = time.monotonic() + work_px / _RANK_PX_PER_SECOND
            self._jobs[job.id] = job
            insort(self._waiting, job, key=lambda each: each.due)
            self._changed.notify_all()
        return job

    def get(self, name: str) -> Job:
        """Return a job by its id.

        Raises:
            Gone: the server does not have it, or no longer has it.
        """
        job = self._jobs.get(name)
        if job is None:
            raise Gone(GONE)
        job.seen = time.monotonic()
        return job

    def _require_place(self, visitor: str) -> None:
        """Check that one more job of a visitor can wait. The caller holds the lock.

        Raises:
            InputError: the queue is full, or the visitor has too many jobs in it.
        """
        if len(self._waiting) >= MAX_WAITING:
            raise InputError(f"The queue is full: {MAX_WAITING} jobs are waiting. Try again in a few minutes.")
        most, own = self.settings.max_waiting_each, self._waiting_of(visitor)
        if len(own) >= most:
            raise InputError(f"You have {len(own)} waiting jobs; at most {most} are allowed. Wait for one to end.")

    def _waiting_of(self, visitor: str) -> list[Job]:
        """Return the waiting jobs of a visitor; none if the visitor is unknown."""
        return [job for job in self._waiting if visitor and job.request.visitor == visitor]

    def stop(self, job: Job) -> None:
        """Remove a job from the queue, or stop its computation. A job that has ended stays as it is."""
        with self._changed:
            job.stop_wanted = True
            if job in self._waiting:
                self._waiting.remove(job)
                self._end(job, STOPPED)

    def wait(self, job: Job, seconds: float | None = None) -> bool:
        """Wait until a job has ended, at most `seconds`; return whether it has."""
        job.seen = time.monotonic()
        with self._changed:
            return self._changed.wait_for(lambda: job.has_ended or self._closed, seconds)

    def ahead(self, job: Job) -> int:
        """Return the number of jobs that are computed before this one."""
        with self._changed:
            running = sum(other.state == RUNNING for other in self._jobs.values())
            return running + self._waiting.index(job) if job in self._waiting else 0

    def seconds(self, request: Request, outlook: Outlook) -> float:
        """Return the estimated seconds of a job from its start to its end, from earlier jobs."""
        return self._pace.seconds(self._laps(request, outlook).laps)

    def seconds_left(self, job: Job) -> float:
        """Return the estimated seconds of a job from now until its end, without its time in the queue."""
        if job.has_ended:
            return 0.0
        laps = self._laps(job.request, job.outlook).laps
        whole = self._pace.seconds(laps)
        if job.began is None:
            return whole
        spent = time.monotonic() - job.began
        if job.step is None or job.pace is None:
            return max(whole - spent, _SOONEST_SECONDS)
        # the rest of the tiles at the pace of this job, and the end of the files
        end = self._pace.seconds([lap for lap in laps if lap[0].name in ("write", "around")])
        return (job.step.total_px - job.step.done_px) / job.pace + end

    def _laps(self, request: Request, outlook: Outlook) -> Laps:
        return laps_of(request, outlook, self.models, tuple(self._loaded), self._engine, self._pace.keys)

    def seconds_waiting(self) -> float:
        """Return the estimated seconds until a new job would begin."""
        with self._changed:
            queued = [job for job in self._jobs.values() if not job.has_ended]
        return self._seconds_left(queued)

    def seconds_before(self, job: Job) -> float:
        """Return the estimated seconds until a waiting job begins; 0 for any other job."""
        with self._changed:
            if job not in self._waiting:
                return 0.0
            earlier = [other for other in self._jobs.values() if other.state == RUNNING]
            earlier += list(self._waiting)[: self._waiting.index(job)]
        return self._seconds_left(earlier)

    def _seconds_left(self, jobs: list[Job]) -> float:
        """Return the estimated seconds in which all processes together do some jobs."""
        return sum(map(self.seconds_left, jobs)) / self.settings.concurrency

    def uses(self, folder: Path) -> bool:
        """Return whether a job that has not ended reads its input from a folder."""
        with self._changed:
            return any(folder in job.request.source.parents for job in self._jobs.values() if not job.has_ended)

    def _work(self) -> None:
        worker = Worker(self.settings.memory, self.settings.max_job_seconds)
        try:
            while job := self._next():
                self._do(job, worker)
        finally:
            worker.close()

    def _next(self) -> Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting)
            if self._closed:
                return None
            job = self._waiting.pop(0)
            job.state = RUNNING
            return job

    def _do(self, job: Job, worker: Worker) -> None:
        state, job.began = DONE, time.monotonic()
        try:
            laps = self._laps(job.request, job.outlook)
            with closing(worker.work(job.request, job.folder)) as steps:
                for news in steps:
                    if isinstance(news, Step):
                        job.first, job.step = job.first or news, news
                    elif isinstance(news, Times):
                        job.times = news
                    elif isinstance(news, Failed):
                        state, job.message = FAILED, news.message
                    if job.stop_wanted or self._closed:
                        state = STOPPED
                        break
            if state == DONE and (views := read_views(job.folder)):
                job.title, job.name = title_of(views), job.name or Path(views[0]["name"]).stem
        except Exception:
            logger.exception("The worker of a job failed.")
            state, job.message = FAILED, "An internal error occurred. The server's log has the details."
        with self._changed:
            if state == DONE:
                self._learn(job, laps)
            self._end(job, state)

    def _learn(self, job: Job, laps: Laps) -> None:
        """Learn the times of a job that is done now. The caller holds the lock."""
        if job.times is not None:
            measured = job.times.seconds
            around = time.monotonic() - job.times.began - sum(measured)
            self._pace.learn(laps.laps, [*measured, around])
            write_pace(self._pace, self.settings.pace_file)
            self._engine = laps.engines[-1]
            self._loaded.extend(name for name in job.request.models if name not in self._loaded)

    def _end(self, job: Job, state: str) -> None:
        """Record the end of a job. The caller holds the lock."""
        if state != DONE:
            shutil.rmtree(job.folder, ignore_errors=True)
        job.state, job.ended = state, time.monotonic()
        self._changed.notify_all()

    def _sweep(self) -> None:
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._closed, timeout=SWEEP_SECONDS):
                    return
            self.sweep()

    def sweep(self) -> None:
        """End jobs that nobody watches, and remove what is too old. A part that fails is tried again the next time."""
        parts = [partial(self.end_unwatched, self.settings.unwatched)]
        parts += [partial(clear, self.settings.keep) for clear in (self.clear, *self.also_clear)]
        for part in parts:
            try:
                part()
            except Exception:
                logger.exception("Old files could not be removed.")

    def end_unwatched(self, limit: float) -> None:
        """End the jobs that nobody asked for in `limit` seconds, if jobs wait that somebody watches."""
        oldest = time.monotonic() - limit
        with self._changed:
            if not any(job.seen >= oldest for job in self._waiting):
                return
            unwatched = [job for job in self._jobs.values() if job.seen < oldest and not (job.has_ended or job.kept)]
            for job in unwatched:
                job.message = UNWATCHED
        for job in unwatched:
            self.stop(job)

    def clear(self, keep: float) -> None:
        """Remove the jobs that ended more than `keep` seconds ago."""
        with self._changed:
            oldest = time.monotonic() - keep
            for job in list(self._jobs.values()):
                if job.ended is not None and job.ended < oldest and not job.kept:
                    del self._jobs[job.id]
                    shutil.rmtree(job.folder, ignore_errors=True)

    def close(self) -> None:
        """Stop all jobs and remove their files."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self.readers.close()
        shutil.rmtree(self.settings.folder, ignore_errors=True)
