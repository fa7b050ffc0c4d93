import json

import pytest
import torch

from rs_srgan import MISR, SISR, InputError, MISRConfig, SISRConfig, load_model
from train.average import main

SMALL = {"channels": 16, "blocks": 1, "scale": 2}


@pytest.fixture
def folders(tmp_path):
    for seed, name in enumerate(("start", "tuned")):
        torch.manual_seed(seed)
        SISR(SISRConfig(**SMALL, uncertainty=name == "tuned")).save_pretrained(tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0, 1.2])
def test_the_weights_are_on_the_straight_line_through_the_two(folders, share):
    start, tuned, target = (folders / name for name in ("start", "tuned", "mean"))
    main([str(start), str(tuned), "--share", str(share), "-o", str(target)])
    a, b, mean = (load_model(each) for each in (start, tuned, target))
    for name, value in mean.generator.state_dict().items():
        torch.testing.assert_close(
            value, torch.lerp(a.generator.state_dict()[name], b.generator.state_dict()[name], share)
        )
    torch.testing.assert_close(mean.uncertainty.state_dict(), b.uncertainty.state_dict(), rtol=0, atol=0)


def test_a_fusion_of_revisits_is_averaged_too(tmp_path):
    start, tuned = MISR(MISRConfig(**SMALL)), MISR(MISRConfig(**SMALL))
    for name, model in (("start", start), ("tuned", tuned)):
        model.save_pretrained(tmp_path / name)
    main([str(tmp_path / "start"), str(tmp_path / "tuned"), "--share", "0.25", "-o", str(tmp_path / "mean")])
    for name, value in load_model(tmp_path / "mean").state_dict().items():
        torch.testing.assert_close(value, torch.lerp(start.state_dict()[name], tuned.state_dict()[name], 0.25))


def test_a_model_for_one_image_and_one_for_revisits_have_no_mean(folders):
    MISR(MISRConfig(**SMALL)).save_pretrained(folders / "several")
    for one, other in (("start", "several"), ("several", "tuned")):
        with pytest.raises(InputError, match="class"):
            main([str(folders / one), str(folders / other), "-o", str(folders / "mean")])


@pytest.mark.parametrize("share", ["-0.1", "1.5", "nan"])
def test_a_share_far_from_the_two_is_refused(folders, share):
    with pytest.raises(InputError, match=share):
        main([str(folders / "start"), str(folders / "tuned"), f"--share={share}", "-o", str(folders / "mean")])
    assert not (folders / "mean").exists()


def test_another_architecture_and_an_existing_folder_are_refused(folders):
    SISR(SISRConfig(**SMALL | {"channels": 32})).save_pretrained(folders / "wide")
    with pytest.raises(InputError, match="channels"):
        main([str(folders / "wide"), str(folders / "tuned"), "-o", str(folders / "mean")])
    with pytest.raises(InputError, match="exists"):
        main([str(folders / "start"), str(folders / "tuned"), "-o", str(folders / "start")])


def test_the_record_of_the_training_is_kept_without_its_validation(folders):
    start, tuned, target = (folders / name for name in ("start", "tuned", "mean"))
    record = {
        "steps": 7,
        "val/psnr": 40.0,
        "versions": {"torch": "2"},
        "uncertainty": {"val/coverage": 0.8, "steps": 3},
    }
    (tuned / "training.json").write_text(json.dumps(record))
    main([str(start), str(tuned), "--share", "0.5", "-o", str(target)])
    assert json.loads((target / "training.json").read_text()) == {
        "steps": 7,
        "versions": {"torch": "2"},
        "uncertainty": {"steps": 3},
        "averaged": {"start": "start", "share": 0.5},
    }
    main([str(tuned), str(start), "-o", str(folders / "none")])
    assert not (folders / "none" / "training.json").exists()
