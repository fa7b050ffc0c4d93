"""Jobs: their queue, their end, what is left of them."""

import dataclasses
import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio

from app.jobs import queue as jobs_module
from app.jobs.queue import DONE, FAILED, RUNNING, STOPPED, Jobs
from app.jobs.request import Request, look
from app.jobs.sample import submit_sample, write_sample
from app.jobs.uploads import take
from app.settings import Settings
from rs_srgan import InputError, super_resolve
from rs_srgan.hub.names import DEFAULT_MODEL
from tests.conftest import scene_dn

REQUEST = Request(Path(), (DEFAULT_MODEL,))


def until(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_sample_is_the_documented_chip(tmp_path):
    with rasterio.open(write_sample(tmp_path)) as sample:
        assert sample.shape == (300, 300)
        assert sample.descriptions == ("B02", "B03", "B04", "B08")
        blue, green, red, nir = sample.read().mean((1, 2))
    assert blue < green < red < nir  # dry land; the order would show


def test_a_job_makes_what_the_library_makes_and_goes_with_its_folder(jobs, write_tif, tmp_path):
    source = write_tif(scene_dn(60, 80), nodata=0)
    job = take(jobs, source, Request(Path(), (DEFAULT_MODEL,), uncertainty=True))
    jobs.wait(job)
    assert (job.state, job.message) == (DONE, "")
    super_resolve(source, tmp_path / "own.tif", DEFAULT_MODEL, cog=True, uncertainty=tmp_path / "unsure.tif")
    for name, own in (("sr0.tif", "own.tif"), ("uncertainty0.tif", "unsure.tif")):
        with rasterio.open(job.folder / name) as made, rasterio.open(tmp_path / own) as expected:
            np.testing.assert_array_equal(made.read(), expected.read())
            assert made.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    jobs.clear(keep=0)
    assert not job.folder.exists()
    with pytest.raises(InputError, match="is not here"):
        jobs.get(job.id)


def test_the_servers_engine_is_everybodys(models, write_tif, tmp_path):
    settings = Settings(folder=tmp_path / "work", engine="torch")
    settings.folder.mkdir()
    jobs = Jobs(settings, models)
    job = take(jobs, write_tif(scene_dn(40, 40)), REQUEST)
    jobs.close()
    assert job.request.engine == "torch"


def test_what_is_kept_stays_until_the_server_ends(models, tmp_path):
    settings = Settings(folder=tmp_path / "work")
    settings.folder.mkdir()
    jobs = Jobs(settings, models)
    sample = submit_sample(jobs)
    jobs.wait(sample)
    jobs.clear(keep=0)
    assert jobs.get(sample.id).state == DONE
    jobs.close()
    assert not settings.folder.exists()


def memory_mb() -> float:
    """Of this process and those that work for it; 0 where the system does not say."""
    pages = [
        Path(f"/proc/{each.pid}/statm")
        for each in (multiprocessing.current_process(), *multiprocessing.active_children())
    ]
    return sum(int(path.read_text().split()[1]) * 4096 / 1e6 for path in pages if path.exists())


def test_twelve_jobs_all_finish_in_turn(jobs, write_tif):
    source = write_tif(scene_dn(40, 40))
    every = [take(jobs, source, REQUEST) for _ in range(12)]
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


@pytest.mark.parametrize("name", ["lr.tif", "mean.tif", "sr0.tif", "uncertainty0.tif"])
def test_an_upload_is_not_taken_for_what_the_job_writes(jobs, write_tif, name):
    job = take(jobs, write_tif(scene_dn(16, 16), name), REQUEST)
    assert job.request.source.name == "upload.tif"
    jobs.wait(job)


def test_how_fast_a_model_is_only_its_own_jobs_say(jobs, write_tif):
    jobs.wait(take(jobs, write_tif(scene_dn(60, 60), "a.tif"), REQUEST))
    before = jobs.seconds((DEFAULT_MODEL,), 1_000_000)
    both = dataclasses.replace(REQUEST, models=("srgan-x4-rgbn", DEFAULT_MODEL))
    job = take(jobs, write_tif(scene_dn(60, 60), "b.tif"), both)
    jobs.wait(job)
    assert job.state == DONE, job.message
    assert jobs.seconds((DEFAULT_MODEL,), 1_000_000) == before


def test_a_stop_frees_the_worker_within_two_seconds(jobs, write_tif):
    large = take(jobs, write_tif(scene_dn(1500, 1500), "large.tif"), REQUEST)
    small = take(jobs, write_tif(scene_dn(16, 16), "small.tif"), REQUEST)
    until(lambda: large.step and large.step.done_px)
    stopped = time.monotonic()
    jobs.stop(large)
    until(lambda: large.has_ended)
    seconds = time.monotonic() - stopped
    print(f"stop to a free worker in {seconds:.1f} s")
    assert seconds < 2
    assert large.state == STOPPED
    assert not large.folder.exists()
    jobs.wait(small)
    assert small.state == DONE


def test_a_waiting_job_is_stopped_at_once(jobs, write_tif):
    first = take(jobs, write_tif(scene_dn(900, 900), "first.tif"), REQUEST)
    second = take(jobs, write_tif(scene_dn(16, 16), "second.tif"), REQUEST)
    jobs.stop(second)
    assert (second.state, second.folder.exists()) == (STOPPED, False)
    jobs.stop(first)


def test_a_process_that_dies_takes_only_its_own_job_along(jobs, write_tif):
    large = take(jobs, write_tif(scene_dn(1200, 1200), "large.tif"), REQUEST)
    until(lambda: large.step)
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if not children.exists():
        pytest.skip("needs Linux")
    workers = [
        int(number)
        for task in Path(f"/proc/{os.getpid()}/task").iterdir()
        for number in (task / "children").read_text().split()
    ]
    for worker in workers:
        if b"spawn_main" in Path(f"/proc/{worker}/cmdline").read_bytes():
            os.kill(worker, signal.SIGKILL)
    jobs.wait(large)
    assert large.state == FAILED
    assert "most likely for lack of memory" in large.message
    small = take(jobs, write_tif(scene_dn(16, 16), "small.tif"), REQUEST)
    jobs.wait(small)
    assert small.state == DONE


def test_a_full_queue_says_so_and_keeps_nothing(jobs, write_tif, settings, monkeypatch):
    monkeypatch.setattr(jobs_module, "MAX_WAITING", 0)
    with pytest.raises(InputError, match="0 jobs are waiting already"):
        take(jobs, write_tif(scene_dn(16, 16)), REQUEST)
    assert not list(settings.folder.iterdir())


def test_a_damaged_image_fails_without_a_path_and_leaves_nothing(jobs, write_tif, settings):
    damaged = write_tif(scene_dn(300, 300), compress="deflate")
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2 : -20_000] = bytes(len(content) - len(content) // 2 - 20_000)
    damaged.write_bytes(content)
    job = take(jobs, damaged, REQUEST)
    jobs.wait(job)
    assert job.state == FAILED
    assert "truncated or corrupt" in job.message
    assert str(settings.folder) not in job.message and "Traceback" not in job.message
    assert not list(settings.folder.iterdir())


def refused(jobs, source, match, **request) -> None:
    with pytest.raises(InputError, match=match):
        look(Request(source, (DEFAULT_MODEL,), **request), jobs.models, jobs.settings, jobs.readers)


def test_a_huge_image_is_refused_before_anything_is_allocated(tmp_path, jobs):
    path = tmp_path / "huge.tif"
    profile = {"driver": "GTiff", "count": 4, "dtype": "uint16", "height": 200_000, "width": 200_000}
    with rasterio.open(path, "w", sparse_ok=True, tiled=True, bigtiff=True, **profile):
        pass
    refused(jobs, path, r"40000\.0 million pixels; this server takes 120\.6 million")


def test_a_huge_array_is_refused_by_its_header(tmp_path, jobs):
    np.lib.format.open_memmap(tmp_path / "huge.npy", "w+", np.uint8, (4, 40_000, 40_000))
    refused(jobs, tmp_path / "huge.npy", r"this server takes 120\.6 million pixels")


def test_an_image_that_is_all_halo_is_refused(tmp_path, jobs):
    np.save(tmp_path / "thin.npy", np.ones((4, 1, 1_000_000), np.uint16))
    refused(jobs, tmp_path / "thin.npy", "too long and thin")


def test_a_result_that_the_disk_cannot_hold_is_refused(write_tif, jobs, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    refused(jobs, write_tif(scene_dn(50, 50)), "Choose a smaller area")


@pytest.mark.parametrize(
    "name", ["nonsense", "../hub_cards", "hub_cards/sisr-x4-rgbn", "organisation/name", "/etc", ""]
)
def test_only_models_that_are_known_can_be_named(write_tif, jobs, name):
    with pytest.raises(InputError, match="Unknown model"):
        look(Request(write_tif(scene_dn(8, 8)), (name,)), jobs.models, jobs.settings, jobs.readers)


def test_two_models_for_other_bands_are_not_compared(write_tif, jobs):
    request = Request(write_tif(scene_dn(8, 8)), (DEFAULT_MODEL, "sisr-x2-20m"))
    with pytest.raises(InputError, match="choose two models for the same bands"):
        look(request, jobs.models, jobs.settings, jobs.readers)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.tif", b"<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>", r"a\.tif is no GeoTIFF"),
        ("a.vrt", b"<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>", r"a\.vrt is none of \.tif"),
        ("a.tif", b"/vsicurl/http://localhost/a.tif", r"a\.tif is no GeoTIFF"),
        ("a.png", b"GIF89a", r"a\.png is no GeoTIFF"),
        ("a.zip", b"PK\x03\x04", r"a\.zip is none of \.tif"),
        ("a.tif", b"", r"a\.tif is empty"),
    ],
)
def test_only_formats_that_hold_their_own_pixels_are_opened(jobs, tmp_path, settings, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words):
        take(jobs, tmp_path / name, REQUEST)
    assert not list(settings.folder.iterdir())


def test_an_upload_that_was_cleared_away_is_one_clear_line(jobs, tmp_path, settings):
    with pytest.raises(InputError, match=r"has been cleared away\. Upload it again"):
        take(jobs, tmp_path / "gone.tif", REQUEST)
    assert not list(settings.folder.iterdir())


def test_files_of_the_job_cannot_be_sent_in(jobs, write_tif):
    job = take(jobs, write_tif(scene_dn(16, 16), "sr0.tif"), REQUEST)
    jobs.wait(job)
    assert job.state == DONE
    with rasterio.open(job.folder / "sr0.tif") as result:
        assert result.shape == (64, 64)


def test_folders_are_for_the_server_alone(jobs):
    _, folder = jobs.new_folder()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_nobody_guesses_a_name(jobs):
    names = {jobs.new_name() for _ in range(100)}
    assert len(names) == 100
    assert all(len(name) >= 22 for name in names)  # 128 bits
