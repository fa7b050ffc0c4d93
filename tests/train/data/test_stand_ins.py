import numpy as np
import torch

from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import degrade, wald_mtf
from train.data.sources import Site
from train.data.stand_ins import fit_bands, stand_in_sites

BANDS = ("B05", "B11")
FITS = [np.array([[0.2, 0.3, 0, 0.5, 0.01], [0.6, 0, 0.1, 0.2, 0.03]], np.float32)]


def image(seed=0, height=64, width=80):
    random = np.random.default_rng(seed)
    return random.uniform(0.05, 0.4, (4, height, width)).astype(np.float32)


def made(sites, seed=0):
    return stand_in_sites(sites, FITS, BANDS, RGBN, seed)


def test_the_guide_is_what_the_sensor_sees_at_twice_the_pixel_size():
    (site,) = made([Site("a", (image(0, 65, 80), image(1)))])
    assert site.name == "stand-in/a" and [each.shape for each in site.images] == [(6, 32, 40)] * 2
    expected = degrade(torch.from_numpy(image(1))[None], 2, wald_mtf(SENTINEL2.mtf_nyquist(RGBN), 2))[0]
    np.testing.assert_array_equal(site.images[1][2:], expected)


def test_stand_ins_follow_the_guide_and_yet_differ_from_its_fit():
    flat = np.repeat(np.linspace(0.1, 0.3, 8, dtype=np.float32), 8)[None, None] * np.ones((4, 64, 1), np.float32)
    for scene, least in ((flat, 0.9), (image(), 0.5)):
        (site,) = made([Site("a", (scene,))])
        own, guide = site.images[0][:2].reshape(2, -1), site.images[0][2:].reshape(4, -1)
        given = np.vstack([guide, np.ones(guide.shape[1])])
        rest = own.T - given.T @ np.linalg.lstsq(given.T, own.T, rcond=None)[0]
        explained = 1 - rest.var(0) / own.var(1)
        assert (explained > least).all() and (explained < 1 - 1e-6).all()
        assert (own >= 0).all()


def test_the_seed_and_the_number_of_the_image_decide():
    sites = [Site(name, (image(),)) for name in "ab"]
    (a, b), (again, _), (other, _) = made(sites), made(sites), made(sites, seed=1)
    np.testing.assert_array_equal(a.images[0], again.images[0])
    assert not np.array_equal(a.images[0], b.images[0]) and not np.array_equal(a.images[0], other.images[0])


def test_a_pixel_without_data_empties_the_pixel_made_of_it():
    holed = image()
    holed[:, 10, 21] = np.nan
    (site,) = made([Site("a", (holed,))])
    empty = np.isnan(site.images[0]).all(0)
    assert empty[5, 10] and empty.sum() == 1 and np.isfinite(site.images[0][:, ~empty]).all()
    (nothing,) = made([Site("a", (np.full((4, 8, 8), np.nan, np.float32),))])
    assert np.isnan(nothing.images[0]).all()


def test_fits_find_a_linear_relation():
    guide = image(3)
    bands = np.tensordot(FITS[0][:, :-1], guide, 1) + FITS[0][:, -1, None, None]
    bands[0, 0, 0] = np.nan
    (fit,) = fit_bands([Site("a", (np.concatenate([bands, guide]),))], own=2)
    np.testing.assert_allclose(fit, FITS[0], atol=1e-5)
