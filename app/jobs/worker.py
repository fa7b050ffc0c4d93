"""The process that computes: one request after the other, given up at once when a visitor says so.

A process and not a thread, so that a stop always stops: what GDAL is in the middle of, such as the overviews of a large
result, cannot be asked to end. And an image that crashes a decoder or fills the memory takes only its own job along.
"""

import logging
import os
import signal
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np

from app.errors import for_people
from app.jobs.inputs import write_lr
from app.jobs.models import load_public
from app.jobs.request import TILE_LR_PX, Request
from app.jobs.views import write_views
from app.sandbox.process import Sandbox, limit_cpu, new_event
from rs_srgan import MISR, SISR, InputError
from rs_srgan.inference.engine import Engine
from rs_srgan.inference.engines import WORTH_COMPILING_PX, make_engine
from rs_srgan.inference.memory import save_memory
from rs_srgan.inference.scene import run
from rs_srgan.pixels.radiometry import Encoding

logger = logging.getLogger(__name__)

# After a stop the tile in hand may be finished, which leaves the process as it is, ready for the next job.
GRACE_SECONDS = 1.2
# Without any news: far longer than a tile, or the overviews of the largest result, take.
STALL_SECONDS = 1800.0
_TOO_LONG = "The computation took too long and was ended. Choose a smaller area and try again."
_GONE = "The computation ended unexpectedly, most likely for lack of memory. Choose a smaller area and try again."


@dataclass(frozen=True)
class Step:
    """How far a job is: LR pixels of all its models, seconds of computing."""

    done_px: int
    total_px: int
    seconds: float


@dataclass(frozen=True)
class Failed:
    """A job that came to nothing, and why, for people."""

    message: str


def result_name(index: int, uncertainty: bool = False) -> str:
    """Of the file that the model of that index makes."""
    return f"uncertainty{index}.tif" if uncertainty else f"sr{index}.tif"


def compute(request: Request, folder: Path) -> Generator[Step]:
    """Do what is asked, into `folder`.

    Raises:
        InputError: it cannot be done.
    """
    models = [_model(name, None if index else request.detail) for index, name in enumerate(request.models)]
    several = models[0]
    if request.others and isinstance(several, MISR):
        request = write_views(request, several, folder)
    write_lr(request, models[0].config.bands, folder / "lr.tif")
    done_px, seconds = 0, 0.0
    for index, model in enumerate(models):
        uncertain = request.uncertainty and model.config.uncertainty
        revisits = bool(request.others) and isinstance(model, MISR)
        steps = run(
            request.sources if revisits else request.source,
            folder / result_name(index),
            model,
            bbox=request.bbox,
            aoi=request.aoi,
            tile=TILE_LR_PX,
            engine=request.engine,
            cog=True,
            uncertainty=folder / result_name(index, True) if uncertain else None,
            offset=request.offset,
            masks=request.mask_files if revisits else None,
            reference=0 if revisits else None,
            engines=_engines,
        )
        with closing(steps):
            for state in steps:
                yield Step(done_px + state.done_px, len(models) * state.total_px, seconds + state.seconds)
            done_px, seconds = done_px + state.total_px, seconds + state.seconds


@lru_cache(maxsize=4)
def _model(name: str, detail: float | None) -> SISR | MISR:
    return load_public(name, detail)


class _Engines:
    """`make_engine`, or what it made for the last job: what is compiled already need not be compiled again."""

    def __init__(self) -> None:
        self._make = lru_cache(maxsize=1)(make_engine)
        self._first: tuple[SISR | MISR, tuple[Encoding, ...], str, str, int | None] | None = None
        self._ready = False

    def __call__(
        self,
        model: SISR | MISR,
        encodings: tuple[Encoding, ...],
        scene_px: int,
        name: str,
        precision: str,
        threads: int | None,
    ) -> Engine:
        """See `make_engine`."""
        self._first = self._first or (model, encodings, name, precision, threads)
        return self._make(model, encodings, min(scene_px, WORTH_COMPILING_PX), name, precision, threads)

    def get_ready(self) -> None:
        """Compile for whole tiles what made the first small image, which is the sample, while nobody waits."""
        if self._ready or self._first is None:
            return
        self._ready = True
        model, encodings, *how = self._first
        if isinstance(model, SISR) and not model.config.guide_bands:
            side = TILE_LR_PX + 2 * model.receptive_field
            try:
                engine = self._make(model, encodings, WORTH_COMPILING_PX, *how)
                engine(np.zeros((len(model.config.bands), side, side), np.float32))
            except Exception:  # nobody asked for it, so nobody's job is to fail for it
                logger.exception("The engine could not be compiled in advance.")


_engines = _Engines()


class Worker:
    """The process, as seen from the server.

    Args:
        memory: bytes that it may use.
        max_seconds: that one job may take.
    """

    def __init__(self, memory: int, max_seconds: float) -> None:
        self._memory, self._max_seconds = memory, max_seconds
        self._start()

    def _start(self) -> None:
        self._stop = new_event()
        arguments = (self._stop, os.getpid(), self._max_seconds)
        self._sandbox = Sandbox("app.jobs.worker:serve", *arguments, memory=self._memory)
        self._connection = self._sandbox.connection

    def work(self, request: Request, folder: Path) -> Generator[Step | Failed | None]:
        """Do what is asked, see `compute`; closing this stops it. None comes up where there is no news."""
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
            yield Failed(_GONE)
        finally:
            if not finished:
                self._end()

    def _listen(self) -> Iterator[Step | Failed | None]:
        """What comes until the job has ended."""
        while True:
            if not self._connection.poll(0.1):
                yield None
                continue
            news = self._connection.recv()
            if news is None:
                return
            yield news

    def _end(self) -> None:
        """Let the tile in hand be finished, or end the process."""
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
    """Do jobs until the server, a process id, has ended."""
    save_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C goes to the server, which ends this process
    logging.getLogger("rasterio").setLevel(logging.CRITICAL)  # GDAL's words come with our own errors
    while os.getppid() == server:
        if not connection.poll(1.0):
            _engines.get_ready()
            continue
        try:
            request, folder = connection.recv()
        except EOFError:
            return
        limit_cpu(max_seconds * (os.cpu_count() or 1))
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
            connection.send(Failed("Something went wrong that should not have. The server's log says what."))
        connection.send(None)
