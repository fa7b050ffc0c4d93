import pytest

from scripts.notebooks import FOLDER, with_address

CODE = (FOLDER / "evaluation.py").read_text(encoding="utf-8")


def test_without_an_address_the_code_stays():
    assert with_address(CODE, "evaluation", "") == CODE


@pytest.mark.parametrize("address", ["https://github.com/us/rs_srgan", "https://example.org/us/rs_srgan"])
def test_with_an_address_the_package_comes_from_there(address):
    made = with_address(CODE, "evaluation", address)
    assert f'PACKAGE = "rs_srgan[cpu,evaluate] @ git+{address}"' in made
    link = "(https://colab.research.google.com/github/us/rs_srgan/blob/main/notebooks/evaluation.ipynb)"
    assert (link in made) == ("github.com" in address)
