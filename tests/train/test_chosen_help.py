import pytest

from rs_srgan import InputError
from train.__main__ import main
from train.chosen_help import chosen_classes, wants_help

GAN = "train/configs/srgan_x4_rgbn.yaml"


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (["--config", GAN], ["--model.adversarial.loss", "--data.native_share", "--trainer.max_time"]),
        ([], ["--model.reflectance_mean", "--data.split_distance_m", "chooses no classes"]),
    ],
)
def test_help_lists_the_options_of_the_chosen_classes(capsys, request_, words):
    assert main(["fit", *request_, "--help"]) == 0
    printed = capsys.readouterr().out
    assert [word for word in words if word not in printed] == []


def test_the_last_choice_counts():
    data = "train.data.scenes.SceneDataModule"
    expected = {"model": "train.gan.GANModule", "data": data}
    assert chosen_classes(["fit", f"--config={GAN}", "--data", data, "--help"]) == expected
    assert chosen_classes(["fit", "--model=a.B", "-c", GAN])["model"] == "train.gan.GANModule"
    assert not wants_help(["finetune", "--help"])


@pytest.mark.parametrize("text", ["model: [", "words", None])
def test_a_file_that_is_no_configuration_is_refused(tmp_path, text):
    if text:
        (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(InputError, match="YAML"):
        chosen_classes(["fit", "--config", str(tmp_path / "a.yaml"), "--help"])
