"""The campaign: a server, its visitors, and the rows of the table."""

import dataclasses
import tempfile
from pathlib import Path
from random import Random

from torture.app_server import AppServer
from torture.deadline import NEVER, Deadline
from torture.errands import Errands
from torture.load.crowd import Crowd
from torture.load.remains import KEEP_MINUTES, read_log, what_is_left
from torture.load.rush import ask_and_attack, beside_slow, fill_queue, first_visits
from torture.load.size import QUICK, Size
from torture.row import Row

# Side of the images that fill the queue, LR pixels.
_LARGE_PX = 192
# Shares of the time: slow connections, all visitors at once, the full queue, and the wait for what is left.
_SHARES = (15, 35, 20, 30)


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
        with AppServer(folder / "server", "--keep", str(KEEP_MINUTES)) as server:
            fresh = server.usage()
            crowd = Crowd(server.target(), folder / "downloads", seed)
            rows = [first_visits(crowd, images[0], large, errands.product())]
            before = dataclasses.replace(server.usage(), files=fresh.files, folders=fresh.folders)
            shares = until.shares(_SHARES)
            rows += beside_slow(crowd, images[0], size, next(shares))
            rows += ask_and_attack(crowd, images, errands.product(), size, next(shares))
            rows += fill_queue(crowd, large, size, next(shares))
            crowd.close()
            if size.settles:
                rows.append(what_is_left(server, before, seed, next(shares)))
        rows.append(read_log(server.log, seed))
    return rows
