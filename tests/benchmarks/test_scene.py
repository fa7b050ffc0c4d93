"""The benchmark of a whole tile runs the command and reads what it says."""

from benchmarks.scene import predict
from tests.conftest import scene_dn


def test_it_reads_the_speed_of_a_slow_run(write_tif, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    run = predict([write_tif(scene_dn(48, 48))], folder, "--engine", "torch", "--precision", "fp32")
    assert 0 < run.pipeline_k < 100 and run.output_gb > 0  # slow runs have a speed with decimals
    assert not list(folder.glob("*.tif"))
