import dataclasses

import pytest
import torch

from rs_srgan import SISR, InputError, SISRConfig, load_model
from rs_srgan.models import MISR, MISRConfig
from tests.train.test_module import SMALL, pairs, trainer
from train.callbacks import SaveModel
from train.module import SISRModule
from train.teacher import Teacher, TeacherConfig


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(5)
    model = SISR(SMALL)
    with torch.no_grad():
        model.generator.tail.weight.mul_(30)
    model.save_pretrained(tmp_path / "teacher")
    return str(tmp_path / "teacher")


def batch():
    torch.manual_seed(1)
    return {"lr": torch.rand(2, 4, 16, 16) * 0.3, "hr": torch.rand(2, 4, 64, 64) * 0.3}


def test_the_target_is_a_mixture_of_hr_and_the_result(folder):
    given = batch()
    with torch.no_grad():
        result = load_model(folder)(given["lr"], pad=False)
    for weight in (0.25, 1.0):
        target = Teacher(TeacherConfig(folder, weight), SMALL).target(given)
        torch.testing.assert_close(target, (1 - weight) * given["hr"] + weight * result)


def test_along_a_line_the_target_is_as_sharp_as_the_result_and_as_even_as_hr(folder):
    rows = torch.arange(64.0)[:, None]
    hr = (0.1 + 0.1 * torch.exp(-((rows - 32) ** 2) / 8)).expand(2, 4, 64, 64)
    torch.manual_seed(1)
    lr = torch.nn.functional.avg_pool2d(hr, 4) + 0.01 * torch.randn(2, 4, 16, 16)  # the result has beads
    targets = [
        Teacher(TeacherConfig(folder, 1.0, along_lines_px=reach), SMALL).target({"lr": lr, "hr": hr})
        for reach in (0, 12)
    ]
    beads = [float(target[..., 30:34, 16:48].std(-1).mean()) for target in targets]
    assert beads[1] < 0.5 * beads[0]
    profiles = [target[..., 16:48].mean((0, 1, -1)) for target in targets]
    torch.testing.assert_close(profiles[1][26:38], profiles[0][26:38], rtol=0, atol=3e-3)
    torch.testing.assert_close(targets[1][..., :8, 16:48], targets[0][..., :8, 16:48])  # far from the line


def test_a_negative_reach_is_refused(folder):
    with pytest.raises(InputError, match="along_lines_px"):
        TeacherConfig(folder, along_lines_px=-1)


def test_the_mean_of_orientations_turns_with_the_image_and_one_result_does_not(folder):
    lr = batch()["lr"]
    differences = {}
    for ensemble in (False, True):
        teacher = Teacher(TeacherConfig(folder, ensemble=ensemble), SMALL)
        turned = teacher.result(lr.rot90(1, (-2, -1)).flip(-1)).flip(-1).rot90(-1, (-2, -1))
        differences[ensemble] = (turned - teacher.result(lr)).abs().max()
    assert differences[True] < 1e-5 < 1e-3 < differences[False]


def test_the_guide_turns_with_the_image(tmp_path):
    config = SISRConfig(scale=2, channels=16, blocks=1, bands=("B05",), guide_bands=("B04",), adds_to="mtf-glp")
    SISR(config).save_pretrained(tmp_path)  # a new one adds nothing to MTF-GLP, which has no direction
    torch.manual_seed(0)
    guide = torch.rand(1, 1, 64, 64)
    lr = torch.nn.functional.avg_pool2d(guide, 2)
    one, mean = (Teacher(TeacherConfig(str(tmp_path), ensemble=each), config).result(lr, guide) for each in (0, 1))
    torch.testing.assert_close(one, mean, rtol=0, atol=1e-4)


def test_a_student_comes_nearer_to_its_teacher_which_stays_as_it_is(folder, tmp_path):
    torch.manual_seed(0)
    config = TeacherConfig(folder, 1.0, ensemble=True)
    module = SISRModule(config=SMALL, learning_rate=2e-3, warmup_steps=5, teacher=config)
    given = next(iter(pairs()))

    def distance():
        with torch.no_grad():
            return float((module(given) - module.teacher.result(given["lr"])).abs().mean())

    before, weights = distance(), module.teacher.model.state_dict()
    trainer(max_steps=40, callbacks=[SaveModel(str(tmp_path / "model"))]).fit(module, pairs())
    assert distance() < 0.7 * before
    for name, value in load_model(folder).state_dict().items():
        assert torch.equal(weights[name], value), name
    assert module.state_dict().keys() == SISRModule(config=SMALL).state_dict().keys()
    assert '"teacher": "teacher"' in (tmp_path / "model" / "training.json").read_text()


@pytest.mark.parametrize("weight", [0.0, -0.5, 1.5, float("nan")])
def test_a_weight_out_of_range_is_refused(folder, weight):
    with pytest.raises(InputError, match="weight"):
        TeacherConfig(folder, weight)


@pytest.mark.parametrize("changes", [{"scale": 2}, {"bands": ("B04", "B03", "B02", "B11")}])
def test_a_teacher_of_another_scale_or_of_other_bands_is_refused(folder, changes):
    with pytest.raises(InputError, match=next(iter(changes))):
        Teacher(TeacherConfig(folder), dataclasses.replace(SMALL, **changes))


def test_a_teacher_of_several_images_is_refused(tmp_path):
    MISR(MISRConfig(channels=16, blocks=1, fusion="recursive")).save_pretrained(tmp_path / "misr")
    with pytest.raises(InputError, match="teacher"):
        SISRModule(config=SMALL, teacher=TeacherConfig(str(tmp_path / "misr")))


def test_a_teacher_that_expects_another_blur_is_warned_of(folder, caplog):
    mtf = (0.5, 0.5, 0.5, 0.5)
    module = SISRModule(config=SMALL, mtf_nyquist=mtf, warmup_steps=1, teacher=TeacherConfig(folder))
    trainer(max_steps=1).fit(module, pairs(4))
    assert "mtf_nyquist" in caplog.text
