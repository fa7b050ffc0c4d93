"""`Crew`: the actors of a batch. Dead ones are replaced."""

import logging
from dataclasses import dataclass, field
from typing import Any

import ray

from rs_srgan.batch.cluster import Share, nodes_now, workers_on
from rs_srgan.batch.task import Place
from rs_srgan.batch.worker import Worker
from rs_srgan.batch.writer import Writer

logger = logging.getLogger(__name__)

# Calls that a worker has at a time: one reading, two computing, one compressing, one on its way.
SLOTS = 5
_WRITER_THREADS = 8
_MOST_WRITERS = 16


@dataclass
class Member:
    """An actor.

    Attributes:
        handle: Ray's handle.
        place: where it runs; None until it has started.
        calls: number of its calls under way.
        scenes: numbers of the scenes of a writer.
    """

    handle: Any
    place: Place | None = None
    calls: int = 0
    scenes: set[int] = field(default_factory=set)


class Crew:
    """Starts workers and writers, and follows the size of the cluster.

    Args:
        share: what each worker takes of a node.

    Attributes:
        workers: the workers, also those that have not started yet.
        writers: the writers.
    """

    def __init__(self, share: Share) -> None:
        self._share = share
        self.workers: list[Member] = []
        self.writers: list[Member] = []

    def grow(self) -> list[tuple[Any, Member]]:
        """Start the actors that the nodes have room for, and return them with the references of their places."""
        nodes = nodes_now()
        started = []
        for _ in range(workers_on(nodes, self._share) - len(self.workers)):
            actor = ray.remote(Worker).options(
                num_cpus=self._share.cpus, num_gpus=self._share.gpus, max_concurrency=SLOTS + 1, max_restarts=0
            )
            self.workers.append(Member(actor.remote(self._share.cpus)))
            started.append((self.workers[-1].handle.place.remote(), self.workers[-1]))
        for _ in range(min(len(nodes), _MOST_WRITERS) - len(self.writers)):
            actor = ray.remote(Writer).options(
                num_cpus=0, max_concurrency=_WRITER_THREADS, max_restarts=0, scheduling_strategy="SPREAD"
            )
            self.writers.append(Member(actor.remote()))
            started.append((self.writers[-1].handle.place.remote(), self.writers[-1]))
        return started

    def dismiss(self, member: Member) -> None:
        """End an actor that died, hangs, or is on a node that is gone."""
        for members in (self.workers, self.writers):
            if member in members:
                members.remove(member)
        ray.kill(member.handle)

    def ready_workers(self) -> list[Member]:
        """Return the workers that have started, the idlest first."""
        return sorted((each for each in self.workers if each.place), key=lambda each: each.calls)

    def next_writer(self) -> Member | None:
        """Return the writer with the fewest scenes; None while none has started."""
        ready = [each for each in self.writers if each.place]
        return min(ready, key=lambda each: len(each.scenes), default=None)

    def end(self) -> None:
        """End all actors."""
        for member in [*self.workers, *self.writers]:
            self.dismiss(member)
