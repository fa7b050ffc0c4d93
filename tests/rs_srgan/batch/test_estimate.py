import pytest

from rs_srgan import InputError, list_models
from rs_srgan.batch.estimate import Machines, Prices, estimate, measured_models


def lines(*arguments, **options):
    return {each.name: each for each in estimate(*arguments, **options)}


def number(line):
    return float(line.value.split()[0].replace(",", ""))


def test_the_figures_are_of_bundled_models():
    known = measured_models()
    assert "sisr-x4-rgbn" in known
    assert set(known) <= {each.name for each in list_models()}
    for each in known.values():
        assert min(each.core_seconds, each.input_bytes, each.output_bytes, each.memory_gb) > 0
        assert each.source


def test_a_plan_says_what_is_measured_and_what_is_not():
    found = lines(1000, "sisr-x4-rgbn", Machines(nodes=10, cores=16))
    figures = measured_models()["sisr-x4-rgbn"]
    assert found["time of a core"].kind == "measured"
    assert (found["pace"].kind, found["time"].kind, found["cost, computing"].kind) == (
        *("extrapolated", "extrapolated"),
        "assumed",
    )
    assert number(found["area"]) == pytest.approx(10)
    assert number(found["LR pixels"]) == pytest.approx(1000 * 10_980**2 / 1e9, rel=1e-3)
    terabytes = 1000 * 10_980**2 * figures.output_bytes / 1e12
    assert number(found["storage and traffic, written"]) == pytest.approx(terabytes, rel=5e-3)
    assert lines(1, "sisr-x4-rgbn")["pace"].kind == "measured"


def test_time_falls_and_cost_rises_as_they_should():
    one, two = (lines(500, "sisr-x4-rgbn", Machines(1, cores)) for cores in (2, 4))
    assert number(one["pace"]) * 2 == pytest.approx(number(two["pace"]), rel=5e-3)
    assert number(one["cost, computing"]) == pytest.approx(number(two["cost, computing"]), rel=5e-3)
    dear = lines(500, "sisr-x4-rgbn", Machines(1, 2), Prices(core_hour=0.2))
    assert number(dear["cost, computing"]) == pytest.approx(10 * number(one["cost, computing"]), rel=1e-2)


def test_a_gpu_is_a_guess_unless_its_speed_is_given():
    assert lines(1, "sisr-x4-rgbn", Machines(gpus=1))["pace"].kind == "assumed"
    given = lines(1, "sisr-x4-rgbn", Machines(gpus=2, gpu_px=5e6))["pace"]
    assert (given.kind, number(given)) == ("extrapolated", 10)


def test_the_memory_of_a_node_holds_its_workers_and_ray():
    one = measured_models()["sisr-x4-rgbn"].memory_gb
    for cores, workers in ((2, 1), (16, 2)):
        line = lines(1, "sisr-x4-rgbn", Machines(cores=cores))["memory"]
        assert line.value == f"at least {workers * one + 2:.1f} GB a node"
        assert "more threads" in line.note


@pytest.mark.parametrize(
    ("tiles", "model", "machines", "word"),
    [
        (0, "sisr-x4-rgbn", Machines(), "tiles"),
        (float("nan"), "sisr-x4-rgbn", Machines(), "tiles"),
        (1, "unheard", Machines(), "unheard"),
        (1, "sisr-x4-rgbn", Machines(nodes=0), "nodes"),
        (1, "sisr-x4-rgbn", Machines(gpus=-1), "gpus"),
        (1, "sisr-x4-rgbn", Machines(gpu_px=1e6), "needs"),
        (1, "sisr-x4-rgbn", Machines(gpus=1, gpu_px=0), "gpu-speed"),
    ],
)
def test_plans_without_sense_are_refused(tiles, model, machines, word):
    with pytest.raises(InputError, match=word):
        estimate(tiles, model, machines)
