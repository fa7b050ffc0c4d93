import json
import subprocess
import sys

import pytest

from rs_srgan.cli.main import main
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn

ORDER = [2, 1, 0, 3]


def test_text_and_json_say_the_same(write_tif, capsys):
    path = str(write_tif(scene_dn(16, 16)[ORDER], bands=("0_B2", "0_B3", "0_B4", "0_B8")))
    assert main(["inspect", path]) == 0
    text = capsys.readouterr().out
    assert main(["inspect", path, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [band["name"] for band in facts["bands"]] == ["B04", "B03", "B02", "B08"]
    assert facts["named"] in text and facts["reflectance"] in text


def test_what_predict_refuses_is_refused(write_tif, capsys):
    path = str(write_tif(scene_dn(16, 16), bands=("a", "b", "c", "d")))
    assert main(["inspect", path]) == 2
    assert "--band-names" in capsys.readouterr().err
    assert main(["inspect", path, "--band-names", "B02,B03,B04,B08", "--scale", "1/65535", "--nodata", "none"]) == 0
    assert "/ 65535" in capsys.readouterr().out


def test_files_of_one_band_are_one_image_with_stack(write_tif, capsys):
    dn = scene_dn(16, 16)
    paths = [str(write_tif(dn[[at]], f"{RGBN[at]}.tif", bands=None)) for at in ORDER]
    assert main(["inspect", *paths, "--stack", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [band["maximum"] for band in facts["bands"]] == pytest.approx((dn.max((1, 2)) / 10_000).tolist())
    assert main(["inspect", *paths]) == 2
    assert "--stack" in capsys.readouterr().err


def test_the_model_decides_on_the_bands(write_tif, model_folder, capsys):
    path = str(write_tif(scene_dn(16, 16, bands=3), bands=("B04", "B03", "B02")))
    assert main(["inspect", path, "--model", str(model_folder)]) == 2
    assert "B08" in capsys.readouterr().err
    assert main(["inspect", path, "--model", "srresnet-srgan-x4-rgb"]) == 0
    assert main(["inspect", path, "--model", "nowhere/at-all"]) == 2


@pytest.mark.parametrize("module", ["torch", "openvino", "lightning"])
def test_nothing_slow_is_imported(write_tif, module):
    code = f"import sys; from rs_srgan.cli.main import main; main(sys.argv[1:]); print('{module}' in sys.modules)"
    command = [sys.executable, "-c", code, "inspect", str(write_tif(scene_dn(16, 16)))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
