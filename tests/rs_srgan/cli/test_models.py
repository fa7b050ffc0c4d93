from rs_srgan.cli.main import main
from rs_srgan.models.catalogue import catalogue


def test_models_lists_bundled_models_with_figures(capsys):
    assert main(["models"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("sisr-x4-rgbn"))
    assert "x4" in line
    assert "B04 B03 B02 B08" in line
    assert "dB" in line


def test_models_lists_the_range_of_gains_and_the_method_without_weights(capsys):
    assert main(["models"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}
    for name in ("glp", "sisr-x2-20m"):
        least, most = catalogue()[name].accuracy.gain_range_db
        assert lines[name].endswith(f"{least:+.2f} to {most:+.2f} dB")
