import pytest

from rs_srgan import MISRConfig, SISRConfig
from rs_srgan.publishing.card_usage import usage

GUIDED = SISRConfig(scale=2, bands=("B05", "B11"), guide_bands=("B04", "B03", "B02", "B08"))


@pytest.mark.parametrize(
    ("config", "line"),
    [
        (SISRConfig(), 'super_resolve("scene.tif", "sr.tif", model="a/b")'),
        (SISRConfig(), "(reflectance)  # (4, h, w) -> (4, 4h, 4w)"),
        (GUIDED, "(reflectance, guide)  # (2, h, w) and (4, 2h, 2w) -> (2, 2h, 2w)"),
        (MISRConfig(scale=2), 'super_resolve(["may.SAFE", "june.SAFE", "july.SAFE"], "sr.tif", model="a/b")'),
        (MISRConfig(scale=2), "# reflectance, (4, h, w) each -> (4, 2h, 2w)"),
        (SISRConfig(uncertainty=True), "predict_with_uncertainty(reflectance)"),
        (SISRConfig(base_model="sisr-x4-rgbn"), "detail=0.5)  # 0: sisr-x4-rgbn, 1: this model"),
    ],
)
def test_the_code_fits_the_model(config, line):
    assert line in usage("a/b", config)
    compile(usage("a/b", config), "card", "exec")


def test_the_code_has_only_what_the_model_can_do():
    assert "uncertainty" not in usage("a/b", SISRConfig())
    assert "detail" not in usage("a/b", SISRConfig())
