"""The queue of jobs: their order, their end and the removal of their files."""

import dataclasses
import multiprocessing
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import rasterio

from app.errors import Gone
from app.jobs import queue
from app.jobs.queue import DONE, FAILED, RUNNING, STOPPED, WAITING, Jobs
from app.jobs.sample import submit_sample
from app.jobs.submit import submit_image
from app.jobs.worker import Step
from app.settings import Settings
from rs_srgan import InputError, super_resolve
from rs_srgan.hub.names import DEFAULT_MODEL
from tests.app.conftest import REQUEST, end
from tests.conftest import scene_dn


def wait_for_progress(jobs, job) -> None:
    """Return after the first tile of a job, or when it has ended."""
    while not (job.step or jobs.wait(job, 0.02)):
        continue


def test_a_job_gives_the_result_of_the_library(jobs, write_tif, tmp_path):
    source = write_tif(scene_dn(60, 80), nodata=0)
    job = submit_image(jobs, source, dataclasses.replace(REQUEST, uncertainty=True))
    jobs.wait(job)
    assert (job.state, job.message) == (DONE, "")
    super_resolve(source, tmp_path / "own.tif", DEFAULT_MODEL, cog=True, uncertainty=tmp_path / "unsure.tif")
    for name, own in (("sr0.tif", "own.tif"), ("uncertainty0.tif", "unsure.tif")):
        with rasterio.open(job.folder / name) as made, rasterio.open(tmp_path / own) as expected:
            np.testing.assert_array_equal(made.read(), expected.read())
            assert made.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"


def test_an_old_job_is_removed_with_its_folder(jobs, write_tif):
    job = submit_image(jobs, write_tif(scene_dn(16, 16)), REQUEST)
    jobs.wait(job)
    assert jobs.get(job.id) is job
    jobs.clear(keep=0)
    assert not job.folder.exists()
    with pytest.raises(Gone):
        jobs.get(job.id)


def test_jobs_use_the_engine_of_the_server(models, write_tif, tmp_path):
    settings = Settings(folder=tmp_path / "work", engine="torch")
    settings.folder.mkdir()
    jobs = Jobs(settings, models)
    job = submit_image(jobs, write_tif(scene_dn(40, 40)), REQUEST)
    jobs.close()
    assert job.request.engine == "torch"


def test_a_kept_job_stays_until_the_server_ends_and_the_next_one_knows_its_pace(models, tmp_path):
    settings = Settings(folder=tmp_path / "work", pace_file=tmp_path / "pace.json")
    settings.folder.mkdir()
    jobs = Jobs(settings, models)
    sample = submit_sample(jobs)
    guessed = jobs.seconds(sample.request, sample.outlook)
    jobs.wait(sample)
    jobs.clear(keep=0)
    assert jobs.get(sample.id).state == DONE
    jobs.close()
    assert not settings.folder.exists()
    settings.folder.mkdir()
    later = Jobs(settings, models)
    assert later.seconds(sample.request, sample.outlook) != guessed
    later.close()


def memory_mb() -> float:
    """Return the memory of this process and its children; 0 on systems without /proc."""
    pages = [
        Path(f"/proc/{each.pid}/statm")
        for each in (multiprocessing.current_process(), *multiprocessing.active_children())
    ]
    return sum(int(path.read_text().split()[1]) * 4096 / 1e6 for path in pages if path.exists())


def test_twelve_jobs_finish_in_turn_without_leaking_memory(jobs, write_tif):
    source = write_tif(scene_dn(40, 40))
    every = [submit_image(jobs, source, REQUEST) for _ in range(12)]
    assert jobs.ahead(every[-1]) >= 9
    most, used_mb = 0, []
    for job in every:
        jobs.wait(job)
        most = max(most, sum(other.state == RUNNING for other in every))
        used_mb.append(memory_mb())
    assert [job.state for job in every] == [DONE] * 12
    assert most <= 1
    assert len({job.id for job in every}) == 12
    assert max(used_mb[4:]) - used_mb[3] < 200


def test_the_start_up_is_not_a_part_of_the_pace(jobs, write_tif):
    job = submit_image(jobs, write_tif(scene_dn(20, 20)), REQUEST)
    assert jobs.wait(job, 60) and job.pace is None  # a small job tells nothing
    job.first, job.step = Step(65_536, 1_000_000, 30.0), Step(565_536, 1_000_000, 35.0)
    assert job.pace == 100_000


def test_a_waiting_job_has_a_time_until_it_begins(jobs, write_tif):
    large = submit_image(jobs, write_tif(scene_dn(1200, 1200), "large.tif"), REQUEST)
    small = submit_image(jobs, write_tif(scene_dn(20, 20), "small.tif"), REQUEST)
    wait_for_progress(jobs, large)
    assert jobs.seconds_before(large) == 0
    assert min(jobs.seconds_before(small), jobs.seconds_left(small)) > 0
    end(jobs, large)
    jobs.wait(small)
    assert jobs.seconds_before(small) == 0 == jobs.seconds_left(small)


def test_the_estimate_of_a_job_comes_closer_with_each_job(jobs, write_tif):
    both = dataclasses.replace(REQUEST, models=("srgan-x4-rgbn", DEFAULT_MODEL))
    job = submit_image(jobs, write_tif(scene_dn(60, 60), "b.tif"), both)
    jobs.wait(job)
    assert job.state == DONE, job.message
    assert len(job.times.seconds) == 2 + 3 * 2  # load, read, and first tile, other tiles and file of each model
    before = jobs.seconds(job.request, job.outlook)
    for _ in range(2):
        job = submit_image(jobs, write_tif(scene_dn(60, 60), "b.tif"), both)
        jobs.wait(job)
    assert jobs.seconds(job.request, job.outlook) != before


def test_a_stop_leaves_nothing_and_frees_the_process(jobs, write_tif):
    large = submit_image(jobs, write_tif(scene_dn(1500, 1500), "large.tif"), REQUEST)
    small = submit_image(jobs, write_tif(scene_dn(16, 16), "small.tif"), REQUEST)
    wait_for_progress(jobs, large)
    jobs.stop(large)
    assert jobs.wait(large, 60)
    assert large.state == STOPPED
    assert large.step.done_px < large.step.total_px
    assert not large.folder.exists()
    jobs.wait(small)
    assert small.state == DONE


def test_a_waiting_job_is_stopped_at_once(jobs, write_tif):
    first = submit_image(jobs, write_tif(scene_dn(900, 900), "first.tif"), REQUEST)
    second = submit_image(jobs, write_tif(scene_dn(16, 16), "second.tif"), REQUEST)
    jobs.stop(second)
    assert (second.state, second.folder.exists()) == (STOPPED, False)
    jobs.stop(first)


def test_a_process_that_dies_ends_only_its_own_job(jobs, write_tif):
    if not Path("/proc/self/task").exists():
        pytest.skip("needs Linux")
    large = submit_image(jobs, write_tif(scene_dn(1200, 1200), "large.tif"), REQUEST)
    wait_for_progress(jobs, large)
    children = [
        int(number)
        for task in Path(f"/proc/{os.getpid()}/task").iterdir()
        for number in (task / "children").read_text().split()
    ]
    for child in children:
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
            os.kill(child, signal.SIGKILL)
    jobs.wait(large)
    assert large.state == FAILED
    assert "memory" in large.message
    small = submit_image(jobs, write_tif(scene_dn(16, 16), "small.tif"), REQUEST)
    jobs.wait(small)
    assert small.state == DONE


def test_a_full_queue_refuses_and_keeps_nothing(jobs, write_tif, settings, monkeypatch):
    monkeypatch.setattr(queue, "MAX_WAITING", 0)
    with pytest.raises(InputError, match="full"):
        submit_image(jobs, write_tif(scene_dn(16, 16)), REQUEST)
    assert not list(settings.folder.iterdir())


def test_jobs_that_come_while_an_image_is_read_do_not_pass_the_limit(jobs, write_tif, settings, monkeypatch):
    monkeypatch.setattr(queue, "look", lambda *_: monkeypatch.setattr(queue, "MAX_WAITING", 0))
    with pytest.raises(InputError, match="full"):
        submit_image(jobs, write_tif(scene_dn(16, 16)), REQUEST)
    assert not list(settings.folder.iterdir())


def test_a_part_of_cleaning_that_fails_does_not_end_the_others(jobs, monkeypatch, caplog):
    def fail(_: float) -> None:
        raise RuntimeError("dictionary changed size")

    cleared = []
    monkeypatch.setattr(jobs, "also_clear", [fail, cleared.append])
    jobs.sweep()
    assert cleared == [jobs.settings.keep]
    assert "dictionary changed size" in caplog.text


def test_a_damaged_image_fails_without_a_path_and_leaves_nothing(jobs, write_tif, settings):
    damaged = write_tif(scene_dn(300, 300), compress="deflate")
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2 : -20_000] = bytes(len(content) - len(content) // 2 - 20_000)
    damaged.write_bytes(content)
    with pytest.raises(InputError, match="corrupt") as refused:  # its pixels are sampled before the queue
        submit_image(jobs, damaged, REQUEST)
    assert "scene.tif" in str(refused.value)
    assert str(settings.folder) not in str(refused.value) and "Traceback" not in str(refused.value)
    assert not list(settings.folder.iterdir())


def test_a_folder_is_private_and_removed_after_an_error(jobs):
    seen = []

    def fail() -> None:
        with jobs.new_folder() as folder:
            seen.append((folder, folder.stat().st_mode & 0o777))
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    ((folder, mode),) = seen
    assert mode == 0o700
    assert not folder.exists()


def test_names_cannot_be_guessed(jobs):
    names = {jobs.new_name() for _ in range(100)}
    assert len(names) == 100
    assert all(len(name) >= 22 for name in names)  # 128 bits


def test_a_job_that_waits_has_no_end(jobs, write_tif):
    first, second = (submit_image(jobs, write_tif(scene_dn(300, 300), f"{n}.tif"), REQUEST) for n in range(2))
    assert second.state == WAITING
    assert second.ended is None
    assert jobs.seconds_waiting() > 0
    jobs.stop(second)
    jobs.stop(first)
    jobs.wait(first)


@pytest.fixture
def busy(jobs, write_tif):
    """A function that puts a job of some pixels and a visitor into the queue, behind a large one that runs."""
    running = submit_image(jobs, write_tif(scene_dn(1500, 1500), "running.tif"), REQUEST)
    wait_for_progress(jobs, running)
    made = [running]

    def add(side: int, visitor: str):
        source = write_tif(scene_dn(side, side), f"{side}.tif")
        made.append(submit_image(jobs, source, dataclasses.replace(REQUEST, visitor=visitor)))
        return made[-1]

    yield add
    for job in reversed(made):
        jobs.stop(job)
    jobs.wait(running)


def test_small_jobs_pass_large_ones_and_no_visitor_fills_the_queue(jobs, busy):
    large, small = busy(1600, "a"), busy(16, "b")
    assert (jobs.ahead(small), jobs.ahead(large)) == (1, 2)
    again, other = busy(15, "a"), busy(800, "c")
    assert jobs.ahead(again) > jobs.ahead(other)  # the first visitor has a large job already
    jobs.stop(large)
    assert jobs.ahead(other) == 2


def test_a_visitor_has_few_jobs_in_the_queue(jobs, busy):
    for side in range(10, 10 + jobs.settings.max_waiting_each):
        busy(side, "a")
    with pytest.raises(InputError, match="waiting"):
        busy(30, "a")
    assert busy(31, "b").state == WAITING


def test_a_job_that_nobody_watches_ends_if_others_wait(jobs, busy):
    left, unwatched = busy(16, "a"), busy(17, "a")
    jobs.end_unwatched(0)  # all were seen before now, so nobody waits
    assert left.state == WAITING
    left.seen = unwatched.seen = -1e9
    watched = busy(18, "b")
    jobs.end_unwatched(600)
    assert (left.state, unwatched.state, watched.state) == (STOPPED, STOPPED, WAITING)
    assert "Nobody watched" in left.message
    jobs.get(watched.id)  # whoever asks watches
    assert watched.seen > 0
