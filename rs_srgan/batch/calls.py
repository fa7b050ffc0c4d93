"""`Calls`: calls of actors that are under way."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayError, RayTaskError

from rs_srgan.batch.crew import Member

_WAIT_SECONDS = 0.5


@dataclass(frozen=True)
class Call:
    """A call under way.

    Attributes:
        member: the actor.
        until: when its answer is expected, on the clock of `time.monotonic`.
        succeed: takes the answer.
        fail: takes the error if there is none.
    """

    member: Member
    until: float
    succeed: Callable[[Any], None]
    fail: Callable[[Exception], None]


class Calls:
    """The calls under way, and what to do with their answers.

    Args:
        stall_seconds: time in which an actor should answer.
    """

    def __init__(self, stall_seconds: float) -> None:
        self._stall = stall_seconds
        self._under_way: dict[Any, Call] = {}

    def add(
        self,
        member: Member,
        reference: Any,  # noqa: ANN401
        succeed: Callable[[Any], None],
        fail: Callable[[Exception], None],
        patience: float = 1.0,
    ) -> None:
        """Remember a call.

        Args:
            member: the actor that was called.
            reference: Ray's reference of the answer.
            succeed: takes the answer.
            fail: takes the error if there is none.
            patience: how many times longer than usual the answer may take.
        """
        member.calls += 1
        self._under_way[reference] = Call(member, time.monotonic() + patience * self._stall, succeed, fail)

    def take_answers(self) -> Iterator[Member]:
        """Wait for an answer, and take all that are there; yield the actors that turn out to have died."""
        references = list(self._under_way)
        first, rest = ray.wait(references, timeout=_WAIT_SECONDS, fetch_local=False) if references else ([], [])
        if not references:
            time.sleep(_WAIT_SECONDS)
        if first and rest:
            first += ray.wait(rest, num_returns=len(rest), timeout=0, fetch_local=False)[0]
        for reference in first:
            call = self._under_way.pop(reference, None)
            if call is None:  # withdrawn meanwhile
                continue
            call.member.calls -= 1
            try:
                answer = ray.get(reference, timeout=self._stall)
            except RayTaskError as error:
                call.fail(error.cause if isinstance(error.cause, Exception) else error)
            except (RayError, GetTimeoutError) as error:
                failure = ConnectionError(str(error).strip().splitlines()[0])
                if call.member.place is None:  # it never started
                    call.fail(failure)
                    yield call.member
                    continue
                # The actor is dismissed before its calls fail: what they begin anew must not be given to it once more,
                # which would count one death twice.
                self._under_way[reference] = call
                yield call.member
                if self._under_way.pop(reference, None):  # it was not withdrawn
                    call.fail(failure)
            else:
                call.succeed(answer)

    def overdue(self) -> list[Member]:
        """Return the actors whose answers are late."""
        now = time.monotonic()
        return [call.member for call in self._under_way.values() if now > call.until]

    def withdraw(self, member: Member) -> list[Call]:
        """Expect no more answers of an actor, and return its calls."""
        withdrawn = {reference: call for reference, call in self._under_way.items() if call.member is member}
        for reference in withdrawn:
            del self._under_way[reference]
        return list(withdrawn.values())
