import pytest
import torch

from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import degrade, wald_mtf
from rs_srgan.sensors.offsets import OffsetDegradation

SCALES = (2, 4, 8)


MTF = SENTINEL2.mtf_nyquist(RGBN)


@pytest.mark.parametrize("scale", SCALES)
def test_offset_degradation_is_degrade_at_every_offset(scale):
    mtf = wald_mtf(SENTINEL2.mtf_nyquist(("B04", "B08")), scale)
    image = torch.rand(2, 2, 12 * scale, 12 * scale)
    sensor = OffsetDegradation(scale, mtf)
    maps = sensor.maps(torch.nn.functional.pixel_unshuffle(image, scale))
    for offsets in torch.rand(3, 2, 2) - 0.5:
        seen = sensor.at(maps, offsets[..., None, None].expand(-1, -1, 12, 12))
        expected = degrade(image, scale, mtf, offsets)
        torch.testing.assert_close(seen[..., 3:-3, 3:-3], expected[..., 3:-3, 3:-3], rtol=0, atol=5e-3)
