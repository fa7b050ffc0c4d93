"""`Worker`: an actor that reads and computes blocks of scenes with one engine, and compresses them."""

import copy
import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import ray
import torch

from rs_srgan.addresses import is_item
from rs_srgan.arrays.kinds import named
from rs_srgan.batch.place import here
from rs_srgan.batch.task import Note, Opened, Place, SceneTask
from rs_srgan.catalogues.search import open_item
from rs_srgan.errors import InputError
from rs_srgan.inference.engines import WORTH_COMPILING_PX, make_engine
from rs_srgan.inference.in_place import cut_for
from rs_srgan.inference.job import Source, resolve
from rs_srgan.inference.memory import save_memory
from rs_srgan.inference.outline import Outline, outline_of
from rs_srgan.inference.scene import Scene, open_scene
from rs_srgan.models import MISR, SISR
from rs_srgan.writing.blocks import Blocks

# Scenes that stay open, because their blocks may come later.
_KEPT = 8
_LIBRARY = logging.getLogger("rs_srgan")
_T = TypeVar("_T")


class _Open:
    """An open scene, and the number of calls that use it now."""

    def __init__(self, scene: Scene, outline: Outline, warnings: tuple[str, ...], files: ExitStack) -> None:
        self.scene, self.outline, self.warnings, self.files, self.users = scene, outline, warnings, files, 0


class _Heard(logging.Handler):
    """Keeps the warnings of one thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message."""
        if record.thread == self._thread:
            self.messages.append(record.getMessage())


class Worker:
    """Reads and computes blocks. Its methods may run in several threads, so that reading overlaps with computing.

    Args:
        threads: CPU threads of the engine.
    """

    def __init__(self, threads: int) -> None:
        save_memory()
        torch.set_num_threads(threads)
        _LIBRARY.setLevel(logging.WARNING)
        _LIBRARY.propagate = False  # the driver reports
        self._threads = threads
        self._engines = lru_cache(maxsize=2)(make_engine)
        self._model = lru_cache(maxsize=2)(_FetchedModel)
        self._lock = threading.Lock()
        # scenes are opened side by side, and must not make the same model or engine twice: it takes a gigabyte
        self._making = threading.Lock()
        self._scenes: dict[int, Future[_Open]] = {}
        self._reading, self._compressing = threading.Lock(), threading.Lock()
        self._gates: dict[int, threading.Semaphore] = {}

    def place(self) -> Place:
        """Return where this actor runs."""
        return here()

    def open(self, task: SceneTask) -> Opened:
        """Open a scene, and return its outline, and the warnings about its images.

        Raises:
            InputError: an image or an option cannot be used.
        """
        with self._opened(task) as opened:
            return Opened(opened.outline, opened.warnings)

    def compute(self, task: SceneTask, index: int) -> tuple[Note, list[list[Blocks]]]:
        """Compute a block.

        Args:
            task: the scene.
            index: number of the tile in the outline's `parts`.

        Returns:
            a note, and the compressed blocks of each file of the result.

        Raises:
            ReadError: the input cannot be read any more.
        """
        seconds: dict[str, float] = {}
        with self._opened(task) as opened:
            scene, part = opened.scene, opened.outline.parts[index]
            engine = scene.engine
            with self._reading:
                pixels = _timed(seconds, "read", lambda: scene.read(part))
            if (read := pixels) is not None:
                with self._gate(engine.workers):
                    pixels = _timed(seconds, "compute", lambda: scene.compute(read))
            window = part.core.scaled(scene.model.scale)

            def compress() -> list[list[Blocks]]:
                images = zip(opened.outline.layouts, scene.with_nodata(part, pixels), strict=True)
                return [list(layout.compressed(window, dn)) for layout, dn in images]

            with self._compressing:
                blocks = _timed(seconds, "compress", compress)
            counts = None if pixels is None else (pixels.measured, pixels.clipped, pixels.clipping)
            return Note(seconds, f"{engine.kind}, {engine.versions()}", counts), blocks

    def _gate(self, workers: int) -> threading.Semaphore:
        """Return what lets as many threads compute as an engine allows."""
        with self._lock:
            return self._gates.setdefault(workers, threading.Semaphore(workers))

    @contextmanager
    def _opened(self, task: SceneTask) -> Iterator[_Open]:
        """Give an open scene within a `with` block; another thread may be opening it."""
        with self._lock:
            future = self._scenes.get(task.number)
            if mine := future is None:
                future = self._scenes[task.number] = Future()
        assert future is not None
        if mine:
            try:
                future.set_result(self._open(task))
            except BaseException as error:
                with self._lock:
                    del self._scenes[task.number]
                future.set_exception(error)
        opened = future.result()
        with self._lock:
            opened.users += 1
            closing = self._unused()
        for each in closing:
            each.files.close()
        try:
            yield opened
        finally:
            with self._lock:
                opened.users -= 1

    def _unused(self) -> list[_Open]:
        """Take the oldest open scenes out of the collection while it is too large; call it with the lock."""
        found = []
        for number, future in list(self._scenes.items()):
            if len(self._scenes) <= _KEPT:
                break
            if future.done() and future.result().users == 0:
                del self._scenes[number]
                found.append(future.result())
        return found

    def _open(self, task: SceneTask) -> _Open:
        heard = _Heard()
        with ExitStack() as files:
            _LIBRARY.addHandler(heard)
            files.callback(_LIBRARY.removeHandler, heard)
            options = task.options.replace({"overwrite": True, "resume": False})
            if options.threads is None:
                options = options.replace({"threads": self._threads})
            if options.uncertainty is not None:
                options = options.replace({"uncertainty": _nowhere(task, "uncertainty")})
            with self._making:
                model = self._model(task.fingerprint, task.model[0]).model
            sources, options = _sources(task, model, options, files)
            job = resolve(sources, _nowhere(task, "result"), model, options)
            scene = open_scene(job, self._engine, files)
            outline = outline_of(job, scene)
            _LIBRARY.removeHandler(heard)
            return _Open(scene, outline, tuple(heard.messages), files.pop_all())

    def _engine(self, model: SISR | MISR, encodings: Any, scene_px: int, *how: Any) -> Any:  # noqa: ANN401
        """Return the engine of an earlier scene if it fits; see `make_engine`."""
        with self._making:
            return self._engines(model, encodings, min(scene_px, WORTH_COMPILING_PX), *how)


class _FetchedModel:
    """A model from Ray's object store.

    Args:
        fingerprint: fingerprint of the model.
        reference: the model in the store.
    """

    def __init__(self, fingerprint: str, reference: Any) -> None:  # noqa: ANN401
        # a copy, because arrays in the store cannot be written
        self.model: SISR | MISR = copy.deepcopy(ray.get(reference)).eval()


def _timed(seconds: dict[str, float], stage: str, run: Callable[[], _T]) -> _T:
    started = time.monotonic()
    result = run()
    seconds[stage] = time.monotonic() - started
    return result


def _nowhere(task: SceneTask, what: str) -> Path:
    """Return a path for the check of a request; nothing is written there."""
    return Path(tempfile.gettempdir()) / f"rs_srgan_batch_{task.number}_{what}.tif"


def _sources(task: SceneTask, model: SISR | MISR, options: Any, files: ExitStack) -> tuple[list[Source], Any]:  # noqa: ANN401
    """Return the names by which the images can be opened, and the options; items of catalogues are cut out first.

    Raises:
        InputError: an item without an area.
    """
    if not is_item(task.sources[0]):
        return [named(each, files) for each in task.sources], options
    area = options.bbox if options.bbox is not None else options.aoi
    if area is None:
        raise InputError(f"{task.sources[0]} needs an area: the option bbox or aoi.")
    scenes = [open_item(each, area) for each in task.sources]
    products, options = cut_for(scenes, model, options, several=len(scenes) > 1)
    return list(products), options
