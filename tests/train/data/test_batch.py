"""Batches: names of tensors on their way from a DataLoader to a training step."""

import torch
from torch.utils.data import DataLoader

from train.data.batch import batch_of


def load(*samples):
    """Return samples as a DataLoader stacks them."""
    (loaded,) = DataLoader(samples, len(samples))
    return loaded


def test_a_training_batch_has_the_images_as_they_are():
    loaded = load({"hr": torch.rand(4, 8, 8)}, {"hr": torch.rand(4, 8, 8)})
    lr = torch.rand(2, 4, 2, 2)
    batch = batch_of(loaded, lr)
    assert batch.keys() == {"lr", "hr"}
    assert batch["hr"] is loaded["hr"] and batch["lr"] is lr


def test_a_validation_batch_has_a_site_and_a_group_for_each_image():
    samples = [{"hr": torch.rand(4, 8, 8), "site": site, "group": "naip"} for site in "ab"]
    batch = batch_of(load(*samples), torch.rand(2, 4, 2, 2))
    assert batch["site"] == ["a", "b"]
    assert batch["group"] == ["naip", "naip"]


def test_lr_replaces_the_samples_own_and_other_dates_stay_behind():
    sample = {"hr": torch.rand(4, 8, 8), "lr": torch.zeros(4, 2, 2), "dates": torch.rand(3, 4, 8, 8)}
    lr = torch.rand(1, 3, 4, 2, 2)
    batch = batch_of(load(sample), lr)
    assert batch["lr"] is lr
    assert "dates" not in batch


def test_the_loaded_samples_stay_as_they_are():
    loaded = load({"hr": torch.rand(4, 8, 8), "lr": torch.zeros(4, 2, 2), "site": "a", "group": "g"})
    before = dict(loaded)
    batch_of(loaded, torch.rand(1, 4, 2, 2))["mask"] = torch.ones(1, 2, 2)
    assert loaded == before
