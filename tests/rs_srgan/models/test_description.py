import torch

from rs_srgan import list_models, load_model
from rs_srgan.models.description import accuracy_in


def test_a_model_shows_bands_scale_and_parameters(model):
    count = sum(each.numel() for each in model.parameters())
    assert all(fact in repr(model) for fact in ("SISR", "B04 B03 B02 B08", "x4", f"{count:,}", "float32"))
    assert "float16" in repr(model.half())


def test_the_table_shows_gains_only_of_the_weights_that_were_measured():
    model = load_model("sisr-x2-rgbn")
    (entry,) = [each for each in list_models() if each.name == "sisr-x2-rgbn"]
    assert f"{entry.gain_db:+.2f} dB" in model.to_html() and "<table>" in model.to_html()
    with torch.no_grad():
        model.generator.head.bias.add_(1)
    assert "dB" not in model.to_html()


def test_names_are_escaped(model):
    model.name = "<b>"
    assert "<b>" not in model.to_html()


def test_a_damaged_file_of_figures_is_none(tmp_path):
    (tmp_path / "metrics.json").write_text("{")
    assert accuracy_in(tmp_path, "f") is None and accuracy_in(None, "f") is None
