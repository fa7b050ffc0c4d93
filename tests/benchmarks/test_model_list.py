from benchmarks.model_list import model_list
from benchmarks.report import ROOT, read_block
from rs_srgan.models.catalogue import catalogue


def test_readme_and_guide_list_the_bundled_models_with_their_figures():
    assert read_block(ROOT / "README.md", "models") == model_list("")
    assert read_block(ROOT / "docs" / "models.md", "models") == model_list("../")


def test_every_model_is_listed_once():
    text = model_list("")
    assert all(text.count(f"[`{name}`]") == 1 for name in catalogue())
