import importlib.util
import socket

import pytest

from rs_srgan import InputError
from rs_srgan.batch.cluster import Share, connected, require_ray, share_of, workers_on

HEAD, LARGE, GPU = {"CPU": 2.0}, {"CPU": 16.0}, {"CPU": 8.0, "GPU": 2.0}


@pytest.mark.parametrize(
    ("nodes", "cpus", "gpus", "share", "workers"),
    [
        ([HEAD], None, 0, Share(2, 0), 1),
        ([HEAD, LARGE], None, 0, Share(2, 0), 9),
        ([LARGE], None, 0, Share(8, 0), 2),
        ([HEAD, LARGE], 4, 0, Share(4, 0), 4),
        ([HEAD, LARGE, GPU], None, 0.5, Share(8, 0.5), 1),
        ([HEAD, GPU], 2, 0.5, Share(2, 0.5), 4),
    ],
)
def test_workers_fill_the_nodes(nodes, cpus, gpus, share, workers):
    assert share_of(nodes, cpus, gpus) == share
    assert workers_on(nodes, share) == workers


@pytest.mark.parametrize(("cpus", "gpus"), [(0, 0), (None, -1), (17, 0), (None, 3), (None, float("nan"))])
def test_shares_that_no_node_has_are_refused(cpus, gpus):
    with pytest.raises(InputError, match=r"expected|cores"):
        share_of([HEAD, LARGE, GPU], cpus, gpus)


def test_without_ray_one_line_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr("rs_srgan.errors.find_spec", lambda _: None)
    with pytest.raises(InputError, match=r"rs_srgan\[ray\]"):
        require_ray()


# Raised in place of Ray's own failure, which takes a machine without free cores or memory, and half a minute.
@pytest.mark.parametrize(
    "error", [Exception("The current node timed out during startup."), ValueError("No memory."), Exception()]
)
def test_a_ray_that_does_not_start_here_is_no_wrong_request(monkeypatch, error):
    ray = pytest.importorskip("ray")

    def fail(**_):
        raise error

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", fail)
    with pytest.raises(OSError, match="start"):
        connected().__enter__()


# Raised in place of Ray's own failure, which takes 20 seconds.
def test_a_cluster_that_does_not_answer_may_ask_for_a_token(monkeypatch):
    ray = pytest.importorskip("ray")

    def fail(**_):
        raise ConnectionError("Failed to connect to Ray cluster at 10.1.2.3:6379")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", fail)
    with socket.create_server(("127.0.0.1", 0)) as head, pytest.raises(InputError, match="RAY_AUTH_TOKEN"):
        connected(f"127.0.0.1:{head.getsockname()[1]}").__enter__()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nowhere.invalid:6379", "[::1]:1"])
def test_an_address_where_nothing_listens_is_refused_at_once(monkeypatch, address):
    ray = pytest.importorskip("ray")
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", pytest.fail)
    with pytest.raises(InputError, match="answers"):
        connected(address).__enter__()
