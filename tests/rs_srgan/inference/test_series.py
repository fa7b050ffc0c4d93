from contextlib import closing

import numpy as np
import pytest
import rasterio
import torch
from affine import Affine
from rasterio.crs import CRS
from rasterio.warp import transform, transform_bounds
from scipy import ndimage

from rs_srgan import MISR, InputError, MISRConfig, super_resolve
from rs_srgan.inference.options import PredictOptions
from rs_srgan.inference.series import open_series
from rs_srgan.inference.super_resolve import run
from rs_srgan.sensors import RGBN
from tests.conftest import UTM_10M
from tests.rs_srgan.registration.test_shift import moved, scene
from tests.safe_builder import build_safe

SIDE = 120
SHIFTS = ((0, 0), (0.4, -1.3), (-2.2, 0.7), (1.5, 1.5))


@pytest.fixture
def misr() -> MISR:
    """A small model whose fusion changes every pixel."""
    torch.manual_seed(0)
    model = MISR(MISRConfig(channels=16, blocks=1, fusion_channels=16, fusion_blocks=1)).eval()
    with torch.no_grad():
        for layer in (model.fusion.tail, model.fusion.trust, model.sisr.generator.tail):
            layer.weight.normal_(0, 0.05)
    return model


def ground(side=SIDE, seed=0):
    """Return DN of four bands, (4, side, side)."""
    gray = scene(seed, side)
    gray = (gray - gray.min()) / np.ptp(gray)
    return np.stack([gray * gain + 0.05 for gain in (0.3, 0.28, 0.25, 0.5)])


def dn(reflectance):
    return (reflectance * 10_000).round().clip(1, 65_535).astype(np.uint16)


@pytest.fixture
def revisits(write_tif):
    """Images of four dates on one grid, with shifts."""
    return [
        write_tif(dn(np.stack([moved(band, *shift) for band in ground()])), f"view_2023010{index + 1}.tif", nodata=0)
        for index, shift in enumerate(SHIFTS)
    ]


def pixels(path):
    with rasterio.open(path) as dataset:
        return dataset.read().astype(int)


def test_summaries_hold_dates_shifts_and_weights(misr, revisits):
    with open_series(revisits, misr, reference=0) as series:
        assert [summary.taken for summary in series.summaries] == [f"2023-01-0{day}" for day in (1, 2, 3, 4)]
        assert [summary.role for summary in series.summaries] == ["reference", "used", "used", "used"]
        for summary, shift in zip(series.summaries[1:], SHIFTS[1:], strict=True):
            assert np.hypot(summary.shift.rows - shift[0], summary.shift.cols - shift[1]) < 0.05
        assert sum(summary.weight for summary in series.summaries) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("tile", [40, 64])
@pytest.mark.parametrize("engine", ["torch", "openvino"])
def test_result_does_not_depend_on_tile_size(misr, revisits, tmp_path, tile, engine):
    whole = super_resolve(revisits, tmp_path / "whole.tif", misr, tile=1000, engine=engine, precision="fp32")
    tiled = super_resolve(revisits, tmp_path / "tiled.tif", misr, tile=tile, engine=engine, precision="fp32")
    assert np.abs(pixels(whole) - pixels(tiled)).max() <= 1  # float32 rounding ties


def test_both_engines_give_the_same_result(misr, revisits, tmp_path):
    one = super_resolve(revisits, tmp_path / "torch.tif", misr, engine="torch", precision="fp32")
    other = super_resolve(revisits, tmp_path / "openvino.tif", misr, engine="openvino", precision="fp32")
    assert np.abs(pixels(one) - pixels(other)).max() <= 1


def test_files_give_what_arrays_give(misr, revisits, tmp_path):
    target = super_resolve(revisits, tmp_path / "out.tif", misr, reference=1, engine="torch", precision="fp32")
    images = [pixels(path).astype(np.float32) / 10_000 for path in revisits]
    expected = misr.predict(images, reference=1).clip(1e-4) * 10_000
    difference = np.abs(pixels(target) - expected)
    assert np.quantile(difference, 0.99) <= 1  # tones are found from every fourth pixel
    assert np.abs(pixels(target) - misr.sisr.predict(images[1]) * 10_000).max() > 50  # the others do show


def test_order_of_the_other_views_does_not_matter(misr, revisits, tmp_path):
    one = super_resolve(revisits, tmp_path / "one.tif", misr, reference=0, precision="fp32")
    other = [revisits[at] for at in (2, 3, 0, 1)]
    again = super_resolve(other, tmp_path / "other.tif", misr, reference=2, precision="fp32")
    assert np.abs(pixels(one) - pixels(again)).max() <= 1


def test_single_image_gives_the_result_of_the_sisr_model(misr, revisits, tmp_path):
    several = super_resolve(revisits[:1], tmp_path / "several.tif", misr, reference=0)
    plain = super_resolve(revisits[0], tmp_path / "plain.tif", misr)
    alone = super_resolve(revisits[0], tmp_path / "alone.tif", misr.sisr)
    np.testing.assert_array_equal(pixels(several), pixels(alone))
    np.testing.assert_array_equal(pixels(plain), pixels(alone))


def test_views_on_other_grids_give_the_result_of_one_grid(misr, revisits, write_tif, tmp_path):
    """One view is a crop, and the grid of another begins a fraction of a pixel away."""
    cut = write_tif(
        pixels(revisits[1])[:, 7:, 5:].astype(np.uint16),
        "cut.tif",
        nodata=0,
        transform=UTM_10M * Affine.translation(5, 7),
    )
    fraction = UTM_10M * Affine.translation(0.3, -0.6)
    aside = write_tif(pixels(revisits[2]).astype(np.uint16), "aside.tif", nodata=0, transform=fraction)
    plain = super_resolve(revisits[:3], tmp_path / "plain.tif", misr, reference=0, precision="fp32")
    others = super_resolve([revisits[0], cut, aside], tmp_path / "out.tif", misr, reference=0, precision="fp32")
    inner = np.s_[:, 4 * 20 : -4 * 20, 4 * 20 : -4 * 20]
    # the shift is found anew, from other pixels at the border
    assert np.abs(pixels(plain)[inner] - pixels(others)[inner]).mean() < 3
    with open_series([revisits[0], cut, aside], misr, reference=0) as series:
        shifts = [(summary.shift.rows, summary.shift.cols) for summary in series.summaries[1:]]
    np.testing.assert_allclose(shifts, [SHIFTS[1], (-2.2 - 0.6, 0.7 + 0.3)], atol=0.05)


def test_view_of_another_utm_zone_is_not_resampled(misr, write_tif, caplog):
    """The second view shows the same ground on the grid of the neighbouring zone, which is rotated by two degrees."""
    side = 160
    fine = ground(side)
    reference = write_tif(dn(fine), "here.tif")
    zones = CRS.from_epsg(32632), CRS.from_epsg(32633)
    (x,), (y,) = transform(*zones, [UTM_10M.c + 5 * side], [UTM_10M.f - 5 * side])
    there = Affine(10, 0, x - 500, 0, -10, y + 500)
    rows, cols = np.mgrid[:100, :100]
    east, north = there.c + 10 * (cols.ravel() + 0.5), there.f - 10 * (rows.ravel() + 0.5)
    x, y = map(np.array, transform(zones[1], zones[0], east, north))
    at = np.stack([(UTM_10M.f - y) / 10 - 0.5, (x - UTM_10M.c) / 10 - 0.5]).reshape(2, 100, 100)
    view = np.stack([ndimage.map_coordinates(band, at, order=3, mode="nearest") for band in fine])
    source = write_tif(dn(view), "there.tif", crs=zones[1], transform=there)
    caplog.set_level("INFO", "rs_srgan")
    with open_series([reference, source], misr, reference=0) as series:
        summary = series.summaries[1]
        assert summary.role == "used"
        assert np.hypot(summary.shift.rows, summary.shift.cols) < 0.05
        (views, mask, offsets), _ = series.read(series.region.window, 0)
        near = mask[1].astype(bool) & (np.abs(offsets[1]).max(0) < 0.1)  # there the two show the same place
        assert near.sum() > 100
        assert np.abs(views[1] - views[0])[:, near].mean() < 0.2 * np.abs(np.diff(views[0], axis=-1)).mean()
        assert 0.5 < np.abs(offsets[1]).max() < 0.6  # half a pixel, turned
    assert "without resampling" in caplog.text


def test_pixels_below_clouds_do_not_count(misr, revisits, tmp_path):
    """A view with clouds everywhere changes nothing; a view with clouds in one half changes the other half."""
    mask = tmp_path / "clear.tif"
    with rasterio.open(revisits[1]) as like:
        profile = like.profile | {"count": 1, "dtype": "uint8", "nodata": None}
    half = np.ones((1, SIDE, SIDE), np.uint8)
    half[:, :, : SIDE // 2] = 0
    with rasterio.open(mask, "w", **profile) as out:
        out.write(half)
    options = {"reference": 0, "precision": "fp32"}
    without = super_resolve(revisits[:1], tmp_path / "a.tif", misr, **options)
    masked = super_resolve(revisits[:2], tmp_path / "b.tif", misr, masks=["-", mask], **options)
    unmasked = super_resolve(revisits[:2], tmp_path / "c.tif", misr, **options)
    reach = 4 * misr.receptive_field
    left, right = np.s_[:, :, : 4 * SIDE // 2 - reach], np.s_[:, :, 4 * SIDE // 2 + reach :]
    np.testing.assert_array_equal(pixels(masked)[left], pixels(without)[left])
    assert np.abs(pixels(masked)[right] - pixels(without)[right]).max() > 20
    assert np.abs(pixels(masked)[right] - pixels(unmasked)[right]).mean() < 10


def test_view_of_another_place_is_left_out(misr, revisits, write_tif, tmp_path, caplog):
    other = write_tif(dn(ground(seed=5)), "other.tif", nodata=0)
    caplog.set_level("INFO", "rs_srgan")
    with_it = super_resolve([revisits[0], other], tmp_path / "a.tif", misr, reference=0)
    without = super_resolve(revisits[0], tmp_path / "b.tif", misr)
    np.testing.assert_array_equal(pixels(with_it), pixels(without))
    assert "other.tif: 100 % clear" in caplog.text
    assert "not used: it cannot be registered" in caplog.text


def test_clearest_view_is_the_reference_by_default(misr, revisits, write_tif):
    holes = pixels(revisits[0])
    holes[:, :60] = 0
    cloudy = write_tif(holes.astype(np.uint16), "cloudy.tif", nodata=0)
    with open_series([cloudy, revisits[1]], misr) as series:
        assert series.lr.name == revisits[1].name
        assert series.summaries[1].clear == pytest.approx(0.5, abs=0.03)
    with open_series([cloudy, revisits[1]], misr, reference=0) as series:
        assert series.lr.name == "cloudy.tif"
    everything = write_tif(np.ones((1, SIDE, SIDE), np.uint8), "clear.tif", bands=[None])
    with open_series([cloudy, revisits[1]], misr, masks=[everything, "-"]) as series:  # a mask knows of no holes
        assert series.lr.name == revisits[1].name


def test_products_have_their_own_masks(misr, tmp_path):
    folders, scl = [], np.full((SIDE // 2, SIDE // 2), 4, np.uint8)
    scl[:20] = 9
    for index, shift in enumerate(SHIFTS[:2]):
        (tmp_path / f"{index}").mkdir()
        view = dn(np.stack([moved(band, *shift) for band in ground()])) + 1000
        images = {(band, 10): view[at] for at, band in enumerate(RGBN)}
        folders.append(
            build_safe(tmp_path / f"{index}", images | {("SCL", 20): scl if index else np.full_like(scl, 4)})
        )
    with open_series(folders, misr) as series:
        assert [summary.clear for summary in series.summaries] == pytest.approx([1.0, 1 - 22 / 60], abs=0.02)
        assert {summary.taken for summary in series.summaries} == {"2023-08-10"}
    target = super_resolve(folders, tmp_path / "out.tif", misr)
    assert pixels(target).shape == (4, 4 * SIDE, 4 * SIDE)


def test_only_the_wanted_part_is_read_and_registered(misr, revisits, tmp_path):
    box = transform_bounds("EPSG:32632", "OGC:CRS84", 600_300, 5_099_300, 600_700, 5_099_700)
    part = super_resolve(revisits, tmp_path / "part.tif", misr, reference=0, bbox=box)
    with rasterio.open(part) as dataset:
        assert 160 <= dataset.height < 180
        assert dataset.bounds.left == pytest.approx(600_300, abs=10)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"masks": ["-"]}, "masks"),
        ({"reference": 2}, "reference"),
        ({"bbox": (0, 0, 1, 1)}, "outside"),
    ],
)
def test_wrong_request_is_an_error(misr, revisits, tmp_path, change, words):
    with pytest.raises(InputError, match=words):
        super_resolve(revisits[:2], tmp_path / "out.tif", misr, **change)
    assert not list(tmp_path.glob("out*"))


def test_model_of_one_image_refuses_several(model, misr, revisits, tmp_path):
    with pytest.raises(InputError, match="misr-x4-rgbn"):
        super_resolve(revisits[:2], tmp_path / "out.tif", model)
    with pytest.raises(InputError, match="uncertainty"):
        super_resolve(revisits[:2], tmp_path / "out.tif", misr, uncertainty=tmp_path / "u.tif")
    with pytest.raises(InputError, match="several"):
        super_resolve([], tmp_path / "out.tif", misr)
    with pytest.raises(InputError, match="input"):
        super_resolve(revisits[:2], revisits[1], misr, overwrite=True)


def test_an_image_of_another_season_is_not_used_unless_it_is_allowed(misr, revisits, tmp_path, caplog):
    late = revisits[3].rename(tmp_path / "late_20230301.tif")
    given = [*revisits[:3], late]
    with open_series(given, misr, reference=0) as series:
        assert [summary.role for summary in series.summaries][:3] == ["reference", "used", "used"]
        assert "59 days" in series.summaries[3].role and series.summaries[3].clear == 1
        assert "shifted" not in str(series.summaries[3])
    assert "late_20230301.tif is 59 days" in caplog.text and "--max-days 59" in caplog.text
    without = super_resolve(revisits[:3], tmp_path / "without.tif", misr, reference=0, precision="fp32")
    with_it = super_resolve(given, tmp_path / "with.tif", misr, reference=0, precision="fp32")
    np.testing.assert_array_equal(pixels(with_it), pixels(without))
    allowed = super_resolve(given, tmp_path / "allowed.tif", misr, reference=0, precision="fp32", max_days=59)
    assert (pixels(allowed) != pixels(without)).any()


def test_the_reference_is_of_the_season_of_most_images(misr, revisits, tmp_path):
    late = revisits[0].rename(tmp_path / "late_20230701.tif")
    with open_series([late, *revisits[1:]], misr) as series:
        assert series.lr.name != late.name and len(series.views) == 2


def test_resume_gives_identical_pixels(misr, revisits, tmp_path):
    whole = super_resolve(revisits, tmp_path / "whole.tif", misr, PredictOptions(tile=64))
    with closing(run(revisits, tmp_path / "parts.tif", misr, PredictOptions(tile=64))) as steps:
        next(steps)
    parts = super_resolve(revisits, tmp_path / "parts.tif", misr, tile=64, resume=True)
    np.testing.assert_array_equal(pixels(whole), pixels(parts))
    with closing(run(revisits, tmp_path / "other.tif", misr, PredictOptions(tile=64))) as steps:
        next(steps)
    with pytest.raises(InputError, match="input"):
        super_resolve(revisits[:3], tmp_path / "other.tif", misr, tile=64, resume=True)


def test_resume_refuses_another_mask(misr, revisits, write_tif, tmp_path):
    mask = write_tif(np.ones((1, SIDE, SIDE), np.uint8), "clear.tif", bands=[None])
    target, options = tmp_path / "out.tif", {"tile": 64, "reference": 0}
    with closing(run(revisits[:3], target, misr, PredictOptions(masks=["-", mask, "-"], **options))) as steps:
        next(steps)
    with pytest.raises(InputError, match="mask"):
        super_resolve(revisits[:3], target, misr, masks=["-", "-", mask], resume=True, **options)


def test_an_image_given_several_times_is_used_once_and_told(misr, revisits, tmp_path, caplog):
    copy = tmp_path / "another_20230120.tif"
    copy.write_bytes(revisits[1].read_bytes())
    with open_series([revisits[0], copy, *revisits[1:], revisits[0]], misr, reference=0) as series:
        roles = {summary.source: summary.role for summary in series.summaries}
        assert len(series.views) == 3
        assert sum(summary.weight for summary in series.summaries) == pytest.approx(1, abs=1e-5)
    assert sorted(roles) == list(range(6))
    assert "same pixels" in roles[2] and "same pixels" in roles[5]
    assert f"{revisits[1].name} has the same pixels as {copy.name}" in caplog.text
    once = super_resolve(revisits, tmp_path / "once.tif", misr, reference=0)
    twice = super_resolve([*revisits, copy], tmp_path / "twice.tif", misr, reference=0)
    np.testing.assert_array_equal(pixels(twice), pixels(once))


def test_only_copies_of_one_image_are_computed_as_one_image(misr, revisits, tmp_path):
    several = super_resolve([revisits[0]] * 3, tmp_path / "several.tif", misr)
    one = super_resolve(revisits[0], tmp_path / "one.tif", misr)
    np.testing.assert_array_equal(pixels(several), pixels(one))
