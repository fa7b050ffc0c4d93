import numpy as np
import pytest

pytest.importorskip("torchmetrics")
pytest.importorskip("matplotlib")

from rs_srgan.evaluation import evaluate
from rs_srgan.evaluation.metrics.spectrum import FREQUENCIES
from rs_srgan.evaluation.report.pictures import curves, draw
from rs_srgan.sensors import RGBN
from tests.conftest import scene_dn


@pytest.fixture(params=[True, False])
def report(request, model, write_tif):
    dn = scene_dn(96, 128)
    dn[:, 40:50, 60:66] = 0
    return evaluate(write_tif(dn, nodata=0), model, reference=request.param, pictures=1)


def views(figure):
    return {axis.get_title().split(",")[0]: axis.images[0].get_array() for axis in figure.axes if axis.images}


def test_a_picture_shows_the_views_and_their_differences(report):
    figure = draw(report.pictures[0], RGBN, report.scale)
    shown = views(figure)
    common = {"LR", "bicubic", "SR"}
    if report.protocol == "real":
        assert set(shown) == common | {"abs(LR - D(SR))", "SR - bicubic"}
    else:
        assert set(shown) == common | {"HR", "what the added detail is", "abs(bicubic - HR)", "abs(SR - HR)"}
        error = shown["abs(SR - HR)"]
        case, sr = report.pictures[0].scored.case, report.pictures[0].scored.restored.model
        np.testing.assert_allclose(np.asarray(error), np.abs(sr - case.hr).mean(0))
    assert shown["SR"].shape[:2] == tuple(4 * side for side in shown["LR"].shape[:2])
    table = figure.axes[-1].texts[0].get_text()
    assert f"{report.mean['model'].sensor:.5f}" in table
    figure.canvas.draw()  # holes and all


def test_all_views_have_the_same_stretch(report):
    """Check that pixels of equal reflectance look the same in LR and in SR."""
    picture = report.pictures[0]
    shown = views(draw(picture, RGBN, report.scale))
    lr, sr = picture.scored.case.lr[:3].transpose(1, 2, 0), picture.scored.restored.model[:3].transpose(1, 2, 0)
    for low in (0.1, 0.15, 0.2):
        tones = [
            np.median(np.asarray(shown[name])[(image > low) & (image < low + 0.01)])
            for name, image in (("LR", lr), ("SR", sr))
        ]
        assert tones[0] == pytest.approx(tones[1], abs=12)


def test_curves_show_every_method_at_every_frequency(report):
    figure = curves(report.mean, report.scale, report.protocol)
    assert len(figure.axes) == (1 if report.protocol == "real" else 2)
    for axis, name in zip(figure.axes, ("spectrum_db", "frc"), strict=False):
        drawn = {line.get_label(): line.get_ydata() for line in axis.lines if len(line.get_xdata()) == len(FREQUENCIES)}
        assert set(drawn) == {"bicubic", "bicubic + 3 back-projections", "model"}
        np.testing.assert_allclose(drawn["model"], getattr(report.mean["model"], name))
        nyquist = next(line for line in axis.lines if line.get_label() == "Nyquist frequency of LR")
        assert list(nyquist.get_xdata()) == [0.25, 0.25]
