"""The rush: all ways of asking, all visitors at once, slow connections beside them, and a full queue."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random

from torture.dawdlers import dawdling
from torture.deadline import NEVER, Deadline
from torture.errands import Errand
from torture.intruders import Intruder
from torture.load.at_once import make_at_once
from torture.load.crowd import Crowd
from torture.load.size import Size
from torture.load.tally import Tally
from torture.row import Row

# Products that are uploaded at the same time, so that all processes that open uploads run.
_PRODUCTS_AT_ONCE = 4
# Share of the time of all visitors at once in which they begin requests; in the rest those end that have begun.
_ASKING = 0.6
_MOST_REQUESTS = 10_000  # of one visitor
# Numbers of visitors from this one on are of those who fill the queue.
_ONLOOKER = 10_000


def first_visits(crowd: Crowd, image: Errand, large: Errand, product: Errand) -> Row:
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


def ask_and_attack(crowd: Crowd, images: Sequence[Errand], product: Errand, size: Size, until: Deadline) -> list[Row]:
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
