from train.report import read_log


def write(folder, version, steps):
    log = folder / f"version_{version}" / "metrics.csv"
    log.parent.mkdir()
    log.write_text("step,of\n" + "".join(f"{step},{version}\n" for step in steps))
    return log


def steps(log):
    return [(int(row["step"]), int(row["of"])) for row in read_log(log)]


def test_a_resumed_run_has_the_log_of_the_runs_before(tmp_path):
    first = write(tmp_path, 0, [10, 20, 30, 40])
    write(tmp_path, 1, [30, 40, 50])  # resumed from the checkpoint of step 25
    last = write(tmp_path, 10, [60])
    assert steps(last) == [(10, 0), (20, 0), (30, 1), (40, 1), (50, 1), (60, 10)]
    assert steps(first) == [(10, 0), (20, 0), (30, 0), (40, 0)]


def test_a_new_run_has_only_its_own_log(tmp_path):
    write(tmp_path, 0, [10, 20, 30])
    assert steps(write(tmp_path, 1, [10, 20])) == [(10, 1), (20, 1)]
