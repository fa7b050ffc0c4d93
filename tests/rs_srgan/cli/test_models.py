from rs_srgan.cli.main import main


def test_models_lists_bundled_models_with_figures(capsys):
    assert main(["models"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("sisr-x4-rgbn"))
    assert "x4" in line
    assert "B04 B03 B02 B08" in line
    assert "dB" in line
