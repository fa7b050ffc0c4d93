"""Many visitors of the app at once: `python -m torture load`, or with a time of its own `python -m torture.load`.

Visitors with valid requests, intruders and slow connections share one server, as a user starts it. Every valid request
must be answered with the pixels of rs-srgan predict, or with a limit in words; nobody may read anything of others; and
afterwards the server must use as much as before.
"""

import argparse
import dataclasses
import logging
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from threading import Lock, Thread

from torture.app_server import AppServer, Target
from torture.dawdlers import dawdling
from torture.deadline import NEVER, Deadline
from torture.errands import CANARY, Errand, Errands
from torture.intruders import Intruder
from torture.row import Row
from torture.table import format_rows
from torture.usage import Usage
from torture.visitors import Full, Visitor

PART = "load"
_MINUTES = 2.0
# The largest number of different failures that a row lists.
_MOST_KINDS = 8
# Bounds of what may be left: memory that allocators keep, threads and connections that wait for the next request.
_MEMORY_SHARE, _THREADS, _HANDLES = 1.25, 45, 16
# How long the server keeps results, and how long it may take to remove them: it and Gradio look for them now and then.
_KEEP_MINUTES = 1.0
_SETTLE_SECONDS, _LEAST_SETTLE_SECONDS, _LOOK_SECONDS = 200.0, 60 * _KEEP_MINUTES + 30, 5.0
# Products that are uploaded at the same time, so that all processes that open uploads run.
_PRODUCTS_AT_ONCE = 4
# Share of the time of all visitors at once in which they begin requests; in the rest those end that have begun.
_ASKING = 0.6
_MOST_REQUESTS = 10_000  # of one visitor
# Side of the images that fill the queue, LR pixels.
_LARGE_PX = 192
# Shares of the time: slow connections, all visitors at once, the full queue, and the wait for what is left.
_SHARES = (15, 35, 20, 30)
# Errors that Gradio prints with a traceback: a refused path, open connections at the end of the server, and the end of
# its own cleaner of uploads, which `app.jobs.uploads.clear_uploads` does without.
_EXPECTED = ("gradio.exceptions.InvalidPathError", "asyncio.exceptions.CancelledError", "Set changed size during")
# Numbers of visitors from this one on are of those who fill the queue.
_ONLOOKER = 10_000


@dataclass(frozen=True)
class Size:
    """How much is asked at once, and for how long.

    Attributes:
        clients: number of visitors at the same time.
        seconds: how long they ask.
        hostile: share of their requests that are attacks, 0 to 1.
        burst: number of requests at the same moment that fill the queue, and of the visitors who send them.
        slow: number of slow connections of each kind.
        timed: number of requests whose time is measured, alone and beside slow connections.
        settles: whether to wait until the server has removed its old results, and to measure what is left.
    """

    clients: int = 50
    seconds: float = 60 * _MINUTES
    hostile: float = 0.4
    burst: tuple[int, int] = (72, 6)
    slow: int = 20
    timed: int = 20
    settles: bool = True


QUICK = Size(clients=6, seconds=3, burst=(24, 1), slow=3, timed=2, settles=False)


@dataclass
class Tally:
    """What became of many requests; threads may share it.

    Attributes:
        tried: number of requests.
        right: number of right answers.
        full: number of refusals that name a limit.
        failures: the others, by what they said, with the number of the first one.
        seconds: the time of each request.
    """

    tried: int = 0
    right: int = 0
    full: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    _first: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def note(self, ask: Callable[[], object]) -> None:
        """Make one request, and note what became of it; an answer in words says what is wrong."""
        said, full, start = "", False, time.monotonic()
        try:
            said = str(ask() or "")
        except Full:
            full = True
        except Exception as error:  # whatever it is, it belongs into the table
            said = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        with self._lock:
            self.tried += 1
            self.seconds.append(time.monotonic() - start)
            self.full += full
            self.right += not (full or said)
            if said:
                self.failures[said] += 1
                self._first.setdefault(said, self.tried)

    def times(self) -> str:
        """Return the median and the longest time of a request, for people."""
        if not self.seconds:
            return "no time was left"
        return f"median {statistics.median(self.seconds):.2f} s, longest {max(self.seconds):.2f} s"

    def row(self, subject: str, seed: int, seconds: float, planned: int | None = None) -> Row:
        """Return the row of these requests; of more that were planned if the time ended before."""
        found = tuple(
            f"seed {seed}, request {self._first.get(said, 0)}, {count} times: {said}"
            for said, count in self.failures.most_common(_MOST_KINDS)
        )
        return Row(PART, subject, self.tried, self.right + self.full, found, seconds, planned)


def run(seed: int, quick: bool, until: Deadline) -> list[Row]:
    """Send visitors, intruders and slow connections to a server; return what became of them."""
    return attack(seed, QUICK if quick else Size(), until)


def attack(seed: int, size: Size, until: Deadline = NEVER) -> list[Row]:
    """Do what `run` does, for a time and with a number of visitors that `size` gives."""
    with tempfile.TemporaryDirectory(prefix="torture_load_") as name:
        folder = Path(name)
        for each in ("errands", "downloads", "server"):
            (folder / each).mkdir()
        errands = Errands(folder / "errands", Random(seed))
        images = [errands.image() for _ in range(size.clients)]
        large = errands.image(_LARGE_PX)
        with AppServer(folder / "server", "--keep", str(_KEEP_MINUTES)) as server:
            fresh = server.usage()
            crowd = Crowd(server.target(), folder / "downloads", seed)
            rows = [_first_visits(crowd, images[0], large, errands.product())]
            before = dataclasses.replace(server.usage(), files=fresh.files, folders=fresh.folders)
            shares = until.shares(_SHARES)
            rows += beside_slow(crowd, images[0], size, next(shares))
            rows += _mix(crowd, images, errands.product(), size, next(shares))
            rows += fill_queue(crowd, large, size, next(shares))
            crowd.close()
            if size.settles:
                rows.append(_what_is_left(server, before, seed, next(shares)))
        rows.append(_log(server.log, seed))
    return rows


def _first_visits(crowd: "Crowd", image: Errand, large: Errand, product: Errand) -> Row:
    """Ask in every way, and make every attack, once: what is loaded once stays loaded.

    Several products at the same time start every process that opens uploads.
    """
    start, tally, visitor = time.monotonic(), Tally(), crowd.visitor(0)
    intruder = Intruder(visitor, crowd.target, Random(crowd.seed))
    asks: list[Callable[[], object]] = [
        visitor.look,
        *(partial(way, image) for way in (visitor.by_program, visitor.by_http, visitor.by_page)),
        partial(visitor.by_http, large),
        *(partial(intruder.make, attack) for attack in intruder.attacks),
    ]
    for ask in asks:
        tally.note(ask)
    with ThreadPoolExecutor(_PRODUCTS_AT_ONCE) as pool:
        for number in range(_PRODUCTS_AT_ONCE):
            pool.submit(tally.note, partial(crowd.visitor(number).by_program, product))
    return tally.row("every way of asking and every attack once", crowd.seed, time.monotonic() - start)


def _mix(crowd: "Crowd", images: Sequence[Errand], product: Errand, size: Size, until: Deadline) -> list[Row]:
    """Let all visitors ask and attack at the same time."""
    valid, hostile, start = Tally(), Tally(), time.monotonic()
    work = (min(size.seconds, _ASKING * until.left), size.hostile, _MOST_REQUESTS, valid, hostile)
    errands = [[image, image, image, product] for image in images]
    visits = [partial(crowd.visit, index, own, *work) for index, own in enumerate(errands)]
    open_requests = make_at_once(visits, until)
    seconds = time.monotonic() - start
    subject = f"{size.clients} clients at once: valid requests, {valid.full} of them told of a limit; {valid.times()}"
    return [
        valid.row(subject, crowd.seed, seconds, valid.tried + open_requests),
        hostile.row("the same clients: attacks", crowd.seed, seconds),
    ]


def make_at_once(
    calls: Sequence[Callable[[], None]], until: Deadline, meanwhile: Callable[[], None] | None = None
) -> int:
    """Make all calls at the same time, and return how many of them have not ended at a deadline: they are left behind.

    Args:
        calls: the calls.
        until: the deadline.
        meanwhile: is called again and again until then.
    """
    errors: list[Exception] = []

    def make(call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:  # of the test itself; what a request raises is in its tally
            errors.append(error)

    threads = [Thread(target=make, args=(call,), daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    while not until.has_passed and (alive := [thread for thread in threads if thread.is_alive()]):
        if meanwhile is None:
            alive[0].join(min(until.left, 1.0))
        else:
            meanwhile()
    if errors:
        raise errors[0]
    return sum(thread.is_alive() for thread in threads)


class Crowd:
    """Visitors of a server, some of whom attack it.

    Args:
        target: the server.
        folder: an empty folder for their downloads.
        seed: start of the random choices.

    Attributes:
        target: the server.
        seed: start of the random choices.
    """

    def __init__(self, target: Target, folder: Path, seed: int) -> None:
        self.target, self.seed = target, seed
        self._folder, self._visitors, self._lock = folder, dict[int, Visitor](), Lock()

    def visitor(self, number: int) -> Visitor:
        """Return the visitor with a number, who arrives with the first call."""
        with self._lock:
            if number not in self._visitors:
                folder = self._folder / str(number)
                folder.mkdir()
                self._visitors[number] = Visitor(self.target.address, number, folder, Random(f"{self.seed} {number}"))
            return self._visitors[number]

    def visit(
        self,
        number: int,
        errands: Sequence[Errand],
        seconds: float,
        hostile: float,
        most: int,
        valid: Tally,
        attacks: Tally,
    ) -> None:
        """Let a visitor ask until the time is over, at most `most` times; a share `hostile` of requests are attacks."""
        visitor, random = self.visitor(number), Random(f"{self.seed} {number} asks")
        chosen = Random(f"{self.seed} {number} attacks")
        intruder = Intruder(visitor, self.target, chosen)
        deadline = time.monotonic() + seconds
        valid.note(visitor.look)
        for _ in range(most):
            if time.monotonic() > deadline:
                return
            if random.random() < hostile:
                attacks.note(intruder.attack)
            else:
                errand = random.choice(errands)
                valid.note(partial(visitor.run, errand))

    def close(self) -> None:
        """Let all visitors leave."""
        for visitor in self._visitors.values():
            visitor.close()


def beside_slow(crowd: Crowd, errand: Errand, size: Size, until: Deadline = NEVER) -> list[Row]:
    """Time a valid request alone, and beside slow connections."""
    start, alone, beside, visitor = time.monotonic(), Tally(), Tally(), crowd.visitor(0)

    def ask(tally: Tally, end: Deadline) -> None:
        while tally.tried < size.timed and not end.has_passed:
            tally.note(lambda: visitor.by_http(errand))

    ask(alone, until.share(0.5))
    between = time.monotonic()
    with dawdling(crowd.target.port, crowd.target.sample, size.slow):
        ask(beside, until)
    seconds = time.monotonic() - between
    subject = f"a visitor beside {4 * size.slow} slow or half-open connections; {beside.times()}"
    return [
        alone.row(f"a visitor alone; {alone.times()}", crowd.seed, between - start, size.timed),
        beside.row(subject, crowd.seed, seconds, size.timed),
    ]


def fill_queue(crowd: Crowd, errand: Errand, size: Size, until: Deadline = NEVER) -> list[Row]:
    """Send more requests at one moment than the queue takes: each ends with its pixels or with the limit.

    Meanwhile another visitor looks at the page and at the sample.
    """
    start, asked, looked = time.monotonic(), Tally(), Tally()
    requests, visitors = size.burst
    onlooker = crowd.visitor(_ONLOOKER)

    def look() -> None:
        onlooker.look()
        onlooker.http.get(f"/jobs/{crowd.target.sample}/pixel?row=1&col=1").raise_for_status()

    sent = []
    for index in range(requests):
        visitor = crowd.visitor(_ONLOOKER + 1 + index % visitors)
        way = visitor.by_http if index % 3 == 0 else visitor.by_page
        sent.append(partial(asked.note, partial(way, errand)))
    make_at_once(sent, until, partial(looked.note, look))
    if asked.tried == requests and not asked.full:
        asked.failures["no request was told of the limit"] += 1
    seconds = time.monotonic() - start
    subject = f"{requests} requests of {visitors} visitors at one moment, {asked.full} of them told of a limit"
    return [
        asked.row(subject, crowd.seed, seconds, requests),
        looked.row(f"page, sample and values meanwhile; {looked.times()}", crowd.seed, seconds),
    ]


def _what_is_left(server: AppServer, before: Usage, seed: int, until: Deadline) -> Row:
    """Compare what the server uses with what it used before the visitors, when old results are removed."""
    start, end = time.monotonic(), until if until.left < _SETTLE_SECONDS else Deadline.after(_SETTLE_SECONDS)
    bounds = {
        "memory_mb": _MEMORY_SHARE * before.memory_mb,
        "processes": before.processes,
        "threads": before.threads + _THREADS,
        "handles": before.handles + _HANDLES,
        "files": before.files,
        "folders": before.folders + 1,  # that of uploads
    }
    while True:
        after = server.usage()
        above = [name for name, bound in bounds.items() if getattr(after, name) > bound]
        if not (above and server.is_running()) or end.has_passed:
            break
        time.sleep(_LOOK_SECONDS)
    then, now = dataclasses.asdict(before), dataclasses.asdict(after)
    figures = ", ".join(f"{name.replace('_', ' ')} {then[name]:.0f} to {now[name]:.0f}" for name in bounds)
    if above and server.is_running() and time.monotonic() < start + _LEAST_SETTLE_SECONDS:
        return Row(
            PART, f"what is left, too early to judge: {figures}", 0, 0, (), time.monotonic() - start, len(bounds)
        )
    found = [f"seed {seed}: {name} {now[name]:.0f}; expected at most {bounds[name]:.0f}" for name in above]
    if not server.is_running():
        found.append(f"seed {seed}: the server has ended")
    survived = max(0, len(bounds) - len(found))
    return Row(PART, f"what is left: {figures}", len(bounds), survived, tuple(found), time.monotonic() - start)


def _log(log: Path, seed: int) -> Row:
    """Look for errors that nobody expected, and for names of visitors' files, in what the server printed."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = Counter(line[:200] for line in lines if CANARY in line)
    for number, line in enumerate(lines):
        if line.startswith("Traceback"):
            last = next((each for each in lines[number + 1 :] if each and not each.startswith(" ")), "")
            said[last[:200]] += not any(name in last for name in _EXPECTED)
    said = +said
    found = tuple(f"seed {seed}, {count} times: {line}" for line, count in said.most_common(_MOST_KINDS))
    return Row(PART, "lines of the server's log", len(lines), len(lines) - said.total(), found, 0)


def main() -> int:
    """Attack for a number of minutes, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m torture.load", description="Many visitors of the app at once.")
    parser.add_argument("--seed", type=int, default=25, help="start of the random choices (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=_MINUTES, help="how long they ask (default: %(default)s)")
    options = parser.parse_args()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    rows = attack(options.seed, Size(seconds=60 * options.minutes))
    sys.stdout.write(f"seed {options.seed}\n\n{format_rows(rows)}\n")
    return int(any(row.found for row in rows))


if __name__ == "__main__":
    sys.exit(main())
