"""Jobs: waiting, worked on, done, and cleared away."""

import dataclasses
import logging
import secrets
import shutil
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Thread

from app.jobs.models import Models
from app.jobs.request import Outlook, Request, look
from app.jobs.worker import Failed, Step, Worker
from app.sandbox.reader import Readers
from app.settings import Settings
from rs_srgan import InputError

logger = logging.getLogger(__name__)

WAITING, RUNNING, DONE, FAILED, STOPPED = "waiting", "running", "done", "failed", "stopped"
_ENDED = (DONE, FAILED, STOPPED)

MAX_WAITING = 40
# How often what is too old is looked for, seconds.
_SWEEP = 20.0
# LR pixels a second, until a job has shown how fast this machine is: two cores without bf16.
_FIRST_PACE = 100_000.0

GONE = "This job is not here: its address is not right, or its result has been cleared away."


@dataclass
class Job:
    """One request on its way.

    Attributes:
        id: random; whoever knows it may see the result.
        title: of the image, for people.
        request: what is asked.
        outlook: what it comes to.
        folder: with all of its files; it goes with the job.
        state: WAITING, RUNNING, DONE, FAILED or STOPPED.
        step: how far it is.
        message: why it failed.
        ended: when, by time.monotonic(), or None.
        kept: whether it stays as long as the server runs.
    """

    id: str
    title: str
    request: Request
    outlook: Outlook
    folder: Path
    kept: bool = False
    state: str = WAITING
    step: Step | None = None
    message: str = ""
    ended: float | None = None
    stop_wanted: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in _ENDED


class Jobs:
    """All jobs of a server, and the processes that do them.

    Args:
        settings: of the server.
        models: that can be asked for.

    Attributes:
        readers: that look at what visitors bring.
    """

    def __init__(self, settings: Settings, models: Models) -> None:
        self.settings, self.models, self.readers = settings, models, Readers()
        self._jobs: dict[str, Job] = {}
        self._waiting: deque[Job] = deque()
        self._changed = Condition()
        self._closed = False
        self.also_clear: list[Callable[[float], None]] = []  # what else goes when it is old
        self._pace = {name: _FIRST_PACE for name in models.names(guided=True)}
        self._threads = [Thread(target=self._work, daemon=True) for _ in range(settings.concurrency)]
        self._threads.append(Thread(target=self._sweep, daemon=True))
        for thread in self._threads:
            thread.start()

    def new_name(self) -> str:
        """One that nobody can guess."""
        return secrets.token_urlsafe(16)

    def new_folder(self) -> tuple[str, Path]:
        """A random name and a folder of that name, for what one visitor brings."""
        name = self.new_name()
        folder = self.settings.folder / name
        folder.mkdir(mode=0o700)
        return name, folder

    def submit(self, request: Request, title: str, place: tuple[str, Path] | None = None, kept: bool = False) -> Job:
        """Put a request into the queue.

        Args:
            request: what is asked.
            title: of the image, for people.
            place: what `new_folder` gave, if the input lies there already.
            kept: see Job.

        Raises:
            InputError: it cannot be met, or the queue is full; the folder is gone then.
        """
        name, folder = place or self.new_folder()
        try:
            with self._changed:
                if len(self._waiting) >= MAX_WAITING:
                    raise InputError(f"{MAX_WAITING} jobs are waiting already. Try again in a few minutes.")
            request = dataclasses.replace(request, engine=self.settings.engine)
            job = Job(name, title, request, look(request, self.models, self.settings, self.readers), folder, kept)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        with self._changed:
            self._jobs[job.id] = job
            self._waiting.append(job)
            self._changed.notify_all()
        return job

    def get(self, name: str) -> Job:
        """A job by its id.

        Raises:
            InputError: there is none, or none any more.
        """
        job = self._jobs.get(name)
        if job is None:
            raise InputError(GONE)
        return job

    def stop(self, job: Job) -> None:
        """Take a job out of the queue, or stop the work on it; nothing of one that has ended."""
        with self._changed:
            job.stop_wanted = True
            if job in self._waiting:
                self._waiting.remove(job)
                self._end(job, STOPPED)

    def wait(self, job: Job, seconds: float | None = None) -> bool:
        """Return when a job has ended, or after that time: whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: job.has_ended or self._closed, seconds)

    def ahead(self, job: Job) -> int:
        """Jobs that come first."""
        with self._changed:
            running = sum(other.state == RUNNING for other in self._jobs.values())
            return running + self._waiting.index(job) if job in self._waiting else 0

    def seconds(self, models: tuple[str, ...], work_px: int) -> float:
        """How long so many LR pixels take, by what earlier ones took."""
        return sum(work_px / len(models) / self._pace.get(name, _FIRST_PACE) for name in models)

    def seconds_waiting(self) -> float:
        """Until a job that is asked for now would begin."""
        with self._changed:
            queued = [job for job in self._jobs.values() if not job.has_ended]
        left = sum(_left(job) * self.seconds(job.request.models, job.outlook.work_px) for job in queued)
        return left / self.settings.concurrency

    def uses(self, folder: Path) -> bool:
        """Whether a job still needs an input in that folder."""
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
            job = self._waiting.popleft()
            job.state = RUNNING
            return job

    def _do(self, job: Job, worker: Worker) -> None:
        state = DONE
        try:
            with closing(worker.work(job.request, job.folder)) as steps:
                for news in steps:
                    if isinstance(news, Step):
                        job.step = news
                    elif isinstance(news, Failed):
                        state, job.message = FAILED, news.message
                    if job.stop_wanted or self._closed:
                        state = STOPPED
                        break
        except Exception:
            logger.exception("The worker of a job failed.")
            state, job.message = FAILED, "Something went wrong that should not have. The server's log says what."
        with self._changed:
            if state == DONE and job.step and job.step.seconds > 0 and len(job.request.models) == 1:
                self._pace[job.request.models[0]] = job.step.done_px / job.step.seconds
            self._end(job, state)

    def _end(self, job: Job, state: str) -> None:
        """Say that a job has ended; with the lock in hand."""
        if state != DONE:
            shutil.rmtree(job.folder, ignore_errors=True)
        job.state, job.ended = state, time.monotonic()
        self._changed.notify_all()

    def _sweep(self) -> None:
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._closed, timeout=_SWEEP):
                    return
            for clear in (self.clear, *self.also_clear):
                clear(self.settings.keep)

    def clear(self, keep: float) -> None:
        """Remove the jobs that ended more than `keep` seconds ago."""
        with self._changed:
            oldest = time.monotonic() - keep
            for job in list(self._jobs.values()):
                if job.ended is not None and job.ended < oldest and not job.kept:
                    del self._jobs[job.id]
                    shutil.rmtree(job.folder, ignore_errors=True)

    def close(self) -> None:
        """Stop everything and remove it."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self.readers.close()
        shutil.rmtree(self.settings.folder, ignore_errors=True)


def _left(job: Job) -> float:
    """Share of its work that is still to do."""
    return 1 - job.step.done_px / job.step.total_px if job.step and job.step.total_px else 1.0
