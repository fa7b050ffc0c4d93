"""The process that computes jobs, one after the other, and stops at once if a visitor asks for it.

It is a process because threads cannot be stopped while GDAL works, for example on the overviews of a large result. An
image that crashes a decoder or fills the memory ends only its own job.
"""

import dataclasses
import logging
import os
import signal
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

from app.errors import for_people
from app.jobs.engines import EngineCache
from app.jobs.files import LR_FILE, result_name
from app.jobs.inputs import write_lr
from app.jobs.models import load_public
from app.jobs.options import shared_options
from app.jobs.request import TILE_LR_PX, Request
from app.jobs.views import write_views
from app.sandbox.process import Sandbox, limit_cpu, new_event
from rs_srgan import MISR, SISR, InputError
from rs_srgan.cores import usable_cores
from rs_srgan.inference.memory import return_memory, save_memory
from rs_srgan.inference.super_resolve import run

logger = logging.getLogger(__name__)

# After a stop the process has this time to finish its tile. It is then ready for the next job, and need not restart.
GRACE_SECONDS = 1.2
# Longest time without a message: far longer than one tile or the overviews of the largest result.
STALL_SECONDS = 1800.0
# Without a job for so long, the process is idle; and after its first job, so that the next can come.
_IDLE_SECONDS, _SAMPLE_SECONDS = 1.0, 0.1
_TOO_LONG = "The computation took too long and was ended. Choose a smaller area and try again."
_DIED = "The computation ended unexpectedly, most likely for lack of memory. Choose a smaller area and try again."


@dataclass(frozen=True)
class Step:
    """The progress of a job.

    Attributes:
        done_px: LR pixels that are done, summed over all models.
        total_px: LR pixels of the job, summed over all models.
        seconds: time spent on computation.
    """

    done_px: int
    total_px: int
    seconds: float


@dataclass(frozen=True)
class Times:
    """The times of a job that is done, in the order of the laps of `app.jobs.parts` without the last one.

    Attributes:
        began: time.monotonic() when the process began it. It may have waited for the process to get ready.
        seconds: time of each lap.
    """

    began: float
    seconds: tuple[float, ...]


@dataclass(frozen=True)
class Failed:
    """The failure of a job.

    Attributes:
        message: the reason, for people.
    """

    message: str


def compute(request: Request, folder: Path) -> Generator[Step | Times]:
    """Compute the results of a request into `folder`; yield the progress after each tile, and at the end the times.

    Raises:
        InputError: an input cannot be used.
    """
    marks = [time.monotonic()]
    models = [
        _model(name, commit, None if index else request.detail) for index, (name, commit) in enumerate(request.pinned)
    ]
    marks.append(time.monotonic())
    several = models[0]
    if request.others and isinstance(several, MISR):
        request = write_views(request, several, folder)
    write_lr(request, models[0].config, folder / LR_FILE)
    done_px, seconds = 0, 0.0
    for index, model in enumerate(models):
        marks.append(time.monotonic())
        uncertain = request.uncertainty and model.config.uncertainty
        revisits = bool(request.others) and isinstance(model, MISR)
        options = dataclasses.replace(
            shared_options(request),
            tile=TILE_LR_PX,
            uncertainty=folder / result_name(index, True) if uncertain else None,
            masks=request.mask_files if revisits else None,
            reference=0 if revisits else None,
        )
        sources = request.sources if revisits else request.source
        steps = run(sources, folder / result_name(index), model, options, _engines)
        tiles: list[float] = []  # when each was done
        with closing(steps):
            for state in steps:
                tiles.append(time.monotonic())
                yield Step(done_px + state.done_px, len(models) * state.total_px, seconds + state.seconds)
            done_px, seconds = done_px + state.total_px, seconds + state.seconds
        tiles = tiles or marks[-1:]
        marks += [tiles[0], tiles[-1]]
    marks.append(time.monotonic())
    yield Times(marks[0], tuple(after - before for before, after in pairwise(marks)))


@lru_cache(maxsize=4)
def _model(name: str, commit: str | None, detail: float | None) -> SISR | MISR:
    return load_public(name, detail, commit)


_engines = EngineCache()


class Worker:
    """The computing process as the server sees it.

    Args:
        memory: largest memory of the process, bytes.
        max_seconds: longest time of one job.
    """

    def __init__(self, memory: int, max_seconds: float) -> None:
        self._memory, self._max_seconds = memory, max_seconds
        self._start()

    def _start(self) -> None:
        self._stop = new_event()
        arguments = (self._stop, os.getpid(), self._max_seconds)
        self._sandbox = Sandbox("app.jobs.worker:serve", *arguments, memory=self._memory)
        self._connection = self._sandbox.connection

    def work(self, request: Request, folder: Path) -> Generator[Step | Times | Failed | None]:
        """Compute a request, see `compute`; yield progress, a failure, or None while there is no message.

        To close the generator stops the job.
        """
        self._stop.clear()
        finished = False
        began = news_came = time.monotonic()
        try:
            self._connection.send((request, folder))
            for news in self._listen():
                now = time.monotonic()
                news_came = news_came if news is None else now
                if now - began > self._max_seconds or now - news_came > STALL_SECONDS:
                    yield Failed(_TOO_LONG)
                    return
                yield news
                finished = isinstance(news, Failed)
            finished = True
        except (EOFError, OSError):
            self._renew()
            finished = True
            yield Failed(_DIED)
        finally:
            if not finished:
                self._end()

    def _listen(self) -> Iterator[Step | Times | Failed | None]:
        """Yield the messages of the process until the job has ended."""
        while True:
            if not self._connection.poll(0.1):
                yield None
                continue
            news = self._connection.recv()
            if news is None:
                return
            yield news

    def _end(self) -> None:
        """Wait until the process has finished its tile, or restart the process."""
        self._stop.set()
        deadline = time.monotonic() + GRACE_SECONDS
        try:
            while time.monotonic() < deadline:
                if self._connection.poll(0.05) and self._connection.recv() is None:
                    return
        except (EOFError, OSError):
            pass
        self._renew()

    def _renew(self) -> None:
        self.close()
        self._start()

    def close(self) -> None:
        """End the process."""
        self._sandbox.close()


def serve(connection: Connection, stop: Event, server: int, max_seconds: float) -> None:
    """Compute jobs until the server has ended; `server` is its process id."""
    save_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this process
    logging.getLogger("rasterio").setLevel(logging.CRITICAL)  # our own errors quote GDAL's messages
    logging.getLogger("rs_srgan").setLevel(logging.ERROR)  # visitors read warnings of their images on the page
    worked = True
    while os.getppid() == server:
        # After the sample it gets ready at once: a visitor who comes a second later would wait for it.
        if not connection.poll(_IDLE_SECONDS if _engines.is_ready else _SAMPLE_SECONDS):
            _engines.get_ready()
            if worked:  # once after the last of several jobs
                return_memory()
            worked = False
            continue
        worked = True
        try:
            request, folder = connection.recv()
        except EOFError:
            return
        limit_cpu(max_seconds * usable_cores())
        try:
            with closing(compute(request, folder)) as steps:
                for step in steps:
                    if stop.is_set():
                        break
                    connection.send(step)
        except InputError as error:
            connection.send(Failed(for_people(error)))
        except OSError as error:
            logger.exception("A job failed.")
            connection.send(Failed(f"The result could not be written: {error.strerror or 'the disk is full'}."))
        except MemoryError:
            connection.send(Failed("The memory is full. Choose a smaller area and try again."))
        except Exception:
            logger.exception("A job failed.")
            connection.send(Failed("An internal error occurred. The server's log has the details."))
        connection.send(None)
