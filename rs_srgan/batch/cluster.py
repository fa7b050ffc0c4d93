"""The connection to a Ray cluster, or to a Ray of this machine that ends with the batch."""

import logging
import os
import re
import signal
import socket
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from rs_srgan.cores import usable_cores
from rs_srgan.errors import InputError, require_extra

# Shared memory of a Ray of this machine, bytes: it holds blocks on their way from workers to writers, 25 MB each.
_STORE_BYTES = 500 * 2**20
_MOST_CORES = 8
# Addresses of a cluster's head, also of Ray's client; "auto" and others are Ray's own.
_HOST_AND_PORT = re.compile(r"(ray://)?(?P<host>[^/]+):(?P<port>\d+)")
_ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Share:
    """What one worker takes of a node.

    Attributes:
        cpus: number of cores.
        gpus: number or share of GPUs.
    """

    cpus: int
    gpus: float


def require_ray(what: str = "Batches") -> None:
    """Check that Ray is installed.

    Raises:
        InputError: it is not.
    """
    require_extra("ray", what, "ray")


@contextmanager
def connected(address: str | None = None) -> Iterator[str | None]:
    """Connect to Ray within a `with` block, and give the address of its dashboard, if it has one.

    Args:
        address: address of a cluster; None for RAY_ADDRESS, else for a Ray of this machine, which ends with the block.

    Raises:
        InputError: Ray is not installed, or no cluster answers there.
        OSError: Ray does not start on this machine.
    """
    require_ray()
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "1")  # workers without a GPU see none
    import ray  # an extra

    if ray.is_initialized():
        yield _dashboard(ray.get_runtime_context().worker)
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    what = address or os.environ.get("RAY_ADDRESS")
    local = not what
    own = {"num_cpus": usable_cores(), "object_store_memory": _STORE_BYTES, "include_dashboard": False}
    try:
        if what and (given := _HOST_AND_PORT.fullmatch(what)):  # where nothing listens, Ray tries again for minutes
            socket.create_connection((given["host"].strip("[]"), int(given["port"])), _ANSWER_SECONDS).close()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            ray.init(
                address="local" if local else address,
                log_to_driver=False,
                logging_level=logging.ERROR,
                **(own if local else {}),
            )
    except Exception as error:  # a plain Exception, if a node of this machine does not start within Ray's 30 seconds
        reason = (str(error) or type(error).__name__).splitlines()[0][:100].rstrip(".")
        if local:
            raise OSError(f"Ray did not start on this machine ({reason}). Try again when it is less busy") from error
        if not isinstance(error, (OSError, ValueError, RuntimeError, OverflowError)):
            raise
        raise InputError(
            f"No Ray cluster answers at {what} ({reason}). See ray status --address {what}. If the cluster was started "
            "with a token, set RAY_AUTH_MODE=token and the same RAY_AUTH_TOKEN here."
        ) from None
    try:
        for number, handler in handlers.items():  # Ray replaces them
            if handler is not None:
                signal.signal(number, handler)
        yield _dashboard(ray.get_runtime_context().worker)
    finally:
        ray.shutdown()


def _dashboard(worker: object) -> str | None:
    """Return the address of Ray's dashboard; None without one."""
    node = getattr(worker, "node", None)
    address = getattr(node, "webui_url", None) or getattr(getattr(node, "address_info", None), "webui_url", None)
    return f"http://{address}" if address else None


def share_of(nodes: list[Mapping[str, float]], cpus: int | None, gpus: float) -> Share:
    """Return what each worker takes.

    Args:
        nodes: the resources of each node, by Ray's names.
        cpus: cores of each worker; None for all of the smallest node that can have one, at most 8.
        gpus: GPUs of each worker.

    Raises:
        InputError: no node is large enough, or the numbers are out of range.
    """
    if (cpus is not None and cpus < 1) or gpus < 0:
        raise InputError(f"A worker would have {cpus} cores and {gpus:g} GPUs; expected at least 1 and 0.")
    fitting = [node for node in nodes if node.get("CPU", 0) >= (cpus or 1) and node.get("GPU", 0) >= gpus]
    if not fitting:
        largest = max((node.get("CPU", 0) for node in nodes), default=0)
        raise InputError(
            f"No node has {_count(cpus or 1, 'core')} and {_count(gpus, 'GPU')}; the largest has "
            f"{_count(largest, 'core')}. Give less (cpus_per_worker, --cpus-per-worker; gpus_per_worker, "
            "--gpus-per-worker)."
        )
    return Share(cpus or min(_MOST_CORES, int(min(node["CPU"] for node in fitting))), gpus)


def _count(number: float, unit: str) -> str:
    return f"{number:g} {unit}{'s' * (number != 1)}"


def workers_on(nodes: list[Mapping[str, float]], share: Share) -> int:
    """Return how many workers of that share the nodes can have."""
    found = 0
    for node in nodes:
        count = int(node.get("CPU", 0) // share.cpus)
        found += min(count, int(node.get("GPU", 0) / share.gpus + 1e-9)) if share.gpus else count
    return found


def nodes_now() -> list[Mapping[str, float]]:
    """Return the resources of the nodes that are alive, by Ray's names."""
    import ray  # an extra

    return [node["Resources"] for node in ray.nodes() if node["Alive"]]
