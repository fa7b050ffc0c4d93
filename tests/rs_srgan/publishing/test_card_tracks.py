import dataclasses

from rs_srgan.publishing.card_tracks import track_figures
from tests.conftest import squeeze


def text(tracks):
    return squeeze(track_figures(tracks))


def test_psnr_stands_by_the_number_of_views(tracks):
    found = text(tracks)
    assert "| PSNR, dB | T = 1 | T = 2 | T = 8 |" in found
    assert "| model | 30.00 | 30.50 | 31.15 |" in found
    assert "median 0.004 LR pixels, 90th percentile 0.010." in found.replace("\n", " ")
    assert "Simulated: Sentinel-2, noise; 30 sites." in found


def test_losses_are_listed_and_many_sites_are_shortened(tracks):
    found = text(tracks)
    assert "| NAIP, 3 views | a | -0.50 |" in found
    assert "| A, 8 views | site 29 | +1.29 |" in found
    assert "| A, 8 views | site 0 | +1.00 |" in found
    assert "site 20 " not in found


def test_tracks_claim_unseen_sites_only_where_it_was_stated(tracks):
    assert "Training did not use these sites." in text(tracks).replace("\n", " ")
    unknown = {key: dataclasses.replace(track, unseen=None) for key, track in tracks.items()}
    assert "Training" not in text(unknown)
