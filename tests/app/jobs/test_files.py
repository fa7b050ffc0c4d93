import pytest

from app.jobs.files import LR_FILE, MEAN_FILE, is_reserved, result_name


@pytest.mark.parametrize(
    "name", [LR_FILE, MEAN_FILE, result_name(0), result_name(1, uncertainty=True), "SR0.TIF", "views.json", "answers"]
)
def test_names_of_results_are_reserved(name):
    assert is_reserved(name)


@pytest.mark.parametrize("name", ["scene.tif", "lrx.tif", "meaning.tif"])
def test_other_names_are_free(name):
    assert not is_reserved(name)
