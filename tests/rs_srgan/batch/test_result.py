import json

import pytest

from rs_srgan.batch.result import BatchReport, Failure, Timing

FAILURE = Failure("b.tif", "/in/b.tif", "b.tif is empty | truncated.\nTry again.", 1)


@pytest.mark.parametrize(("scenes", "failed", "code"), [(3, 0, 0), (3, 1, 3), (3, 3, 1), (1, 1, 1)])
def test_the_exit_code_says_how_many_failed(scenes, failed, code):
    assert BatchReport(scenes, failures=[FAILURE] * failed).exit_code == code


def test_the_report_keeps_the_slowest_scenes_and_says_why():
    report = BatchReport(100, seconds=50)
    for seconds in range(1, 101):
        stages = {"read": 1.0, "compute": 3.0, "write": 0.5}
        report.finish(Timing(float(seconds), f"s{seconds}.tif", 1000, stages, retries=seconds % 2))
    assert [each.output for each in report.slowest] == [f"s{number}.tif" for number in range(100, 90, -1)]
    assert report.slowest[0].why == "compute: 67 %"
    assert report.slowest[1].why == "compute: 67 %, 1 blocks again"
    assert report.done == 100
    assert report.to_json()["lr_px_per_second"] == 2000


def test_the_summary_counts_small_batches_and_says_nothing_about_the_pace_of_none():
    assert BatchReport(3, earlier=3).summary() == "0 of 3 scenes done, 3 were there."
    report = BatchReport(2, failures=[FAILURE], seconds=2)
    report.finish(Timing(1.0, "a.tif", 4096, {}, 0))
    assert report.summary() == "1 of 2 scenes done, 1 failed; 4,096 LR pixels in 2.0 s, 2,048 a second."
    report.lr_px = 120_560_400
    assert "; 120.6 million LR pixels in 2.0 s, 60.3 million a second." in report.summary()


def test_json_and_text_name_failures_in_one_line():
    report = BatchReport(2, failures=[FAILURE], seconds=2)
    report.finish(Timing(1.0, "a.tif", 4, {}, 0))
    report.by_node["here"] += 4
    report.by_engine["torch fp32 on cpu"] += 4
    assert json.loads(report.json())["failures"] == [vars(FAILURE)]
    text = report.markdown()
    assert "| b.tif | /in/b.tif | 1 | b.tif is empty \\| truncated. Try again. |" in text
    assert "| here | 4 | 2 |" in text and "| torch fp32 on cpu | 4 |" in text
    assert json.loads(report.json())["lr_px_by_engine"] == {"torch fp32 on cpu": 4}
    assert "| a.tif | 1.0 | 4 |" in text
