"""Attempts: many of a kind at the same time, and their row in the table."""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from rs_srgan.cores import usable_cores
from torture.deadline import NEVER, Deadline
from torture.row import Row

_T = TypeVar("_T")


def try_all(
    subject: str,
    seed: int,
    chosen: Sequence[_T],
    attempt: Callable[[int, random.Random, _T], str],
    at_once: int = 0,
    until: Deadline = NEVER,
) -> Row:
    """Make attempts, and return their row.

    Args:
        subject: what was attacked.
        seed: seed of the run.
        chosen: what each attempt takes.
        attempt: makes one attempt, with its number and random numbers of its own; returns what went wrong, or nothing.
        at_once: number of attempts at the same time; 0 for the number of cores.
        until: after it no attempt begins.
    """
    begun = time.monotonic()

    def one(number: int) -> str | None:
        if until.has_passed:
            return None
        try:
            return attempt(number, random.Random(f"{seed} {subject} {number}"), chosen[number])
        except Exception as error:  # an attempt that cannot be judged has not survived
            return f"the attempt itself ended with {type(error).__name__}: {error}"

    with ThreadPoolExecutor(at_once or usable_cores()) as pool:
        faults = list(pool.map(one, range(len(chosen))))
    found = tuple(f"seed {seed}, attempt {number}: {fault}" for number, fault in enumerate(faults) if fault)
    made = len(faults) - faults.count(None)
    return Row("faults", subject, made, faults.count(""), found, time.monotonic() - begun, planned=len(chosen))
