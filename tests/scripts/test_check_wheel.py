import zipfile

import pytest

from scripts.check_wheel import MOST_BYTES, ROOT, faults

MODELS = [path.parent.name for path in ROOT.glob("hub_cards/*/config.json")]
WHOLE = {f"rs_srgan/hub_cards/{model}/config.json" for model in MODELS} | {
    "rs_srgan/py.typed",
    "rs_srgan/programs/app/__main__.py",
    "rs_srgan/programs/train/__main__.py",
    "rs_srgan-1.dist-info/METADATA",
}


def wheel_of(folder, names, size=0):
    path = folder / "rs_srgan-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
        archive.writestr("rs_srgan/weights", bytes(size))
    return path


def test_a_whole_wheel_has_no_fault(tmp_path):
    assert faults(wheel_of(tmp_path, WHOLE)) == []


@pytest.mark.parametrize(
    ("names", "size", "word"),
    [
        (WHOLE - {"rs_srgan/hub_cards/sisr-x4-rgbn/config.json"}, 0, "sisr-x4-rgbn"),
        (WHOLE | {"tests/test_guides.py"}, 0, "tests"),
        (WHOLE, MOST_BYTES, "MB"),
    ],
)
def test_each_fault_is_named(tmp_path, names, size, word):
    (fault,) = faults(wheel_of(tmp_path, names, size))
    assert word in fault
