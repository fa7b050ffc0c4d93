import json

import pytest

from rs_srgan import InputError
from rs_srgan.figures.calibration import BINS, Calibration
from rs_srgan.figures.json_value import JsonValue

CALIBRATION = Calibration(0.81, 0.5, 0.4, 0.6, (0.01,) * BINS, (0.02,) * BINS)


def found(content, tmp_path):
    return JsonValue(json.loads(json.dumps(content)), tmp_path / "metrics.json")


def test_json_keeps_a_calibration(tmp_path):
    assert Calibration.from_json(found(CALIBRATION.to_json(), tmp_path)) == CALIBRATION


@pytest.mark.parametrize("change", [{"predicted": [1.0]}, {"rank": "high"}, {"ranks": 0.5}])
def test_wrong_content_is_refused_with_its_key(tmp_path, change):
    with pytest.raises(InputError, match=next(iter(change))):
        Calibration.from_json(found(CALIBRATION.to_json() | change, tmp_path))
