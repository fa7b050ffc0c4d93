import pytest

from app.pages.forms import describe_model, job_html, refusal
from rs_srgan import InputError


def test_html_is_escaped():
    assert "<img" not in refusal(InputError("<img src=x>"))
    assert '"><' not in job_html('"><b').removesuffix('"></sr-job>')


def test_errors_contain_no_folder_of_the_server():
    assert "/tmp" not in refusal(InputError("/tmp/x/a.tif is empty."))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sisr-x4-rgbn", "better than bicubic + 3 back-projections"),
        ("misr-x4-rgbn", "better than shift-and-add"),
        ("srgan-x4-rgbn", "less accurate"),
    ],
)
def test_models_are_described_by_their_accuracy(models, name, words):
    assert words in describe_model(models, name)
