"""Actors of a crew. Slow: python -m pytest -m slow tests/rs_srgan/batch/test_crew.py."""

import pytest

pytest.importorskip("ray")
from rs_srgan.batch.cluster import Share
from rs_srgan.batch.crew import Crew


@pytest.mark.slow
def test_a_crew_fills_the_machine_and_replaces_actors(ray_here):
    crew = Crew(Share(1, 0))
    try:
        started = crew.grow()
        assert len(crew.workers) == int(ray_here.cluster_resources()["CPU"])
        assert len(crew.writers) == 1
        assert crew.grow() == []
        assert crew.next_writer() is None and crew.ready_workers() == []
        for reference, member in started:
            member.place = ray_here.get(reference)
        assert crew.next_writer() is crew.writers[0]
        crew.workers[0].calls = 3
        assert crew.ready_workers()[-1] is crew.workers[0]
        gone = crew.workers[0]
        crew.dismiss(gone)
        assert gone not in crew.workers
        assert len(crew.grow()) == 1
    finally:
        crew.end()
    assert crew.workers == crew.writers == []
