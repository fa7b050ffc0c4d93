from types import SimpleNamespace

import pytest
import torch

from tests.train.data.makers import photographs
from train.data.drawn import DrawnConfig
from train.data.images import ImageFolderDataModule
from train.data.mixture import MixtureDataModule
from train.data.simulated import ViewsConfig


def module(root, **options):
    data = ImageFolderDataModule(str(root), crop_lr_px=8, batch_size=3, steps_per_epoch=2, **options)
    data.setup("fit")
    return data


def test_the_seed_decides_a_batch(small_data):
    def batch():
        module = MixtureDataModule(str(small_data), crop_lr_px=8, batch_size=3, steps_per_epoch=2)
        module.setup("fit")
        return module.on_after_batch_transfer(next(iter(module.train_dataloader())), 0)

    first, again = batch(), batch()
    assert first["hr"].shape == (3, 4, 32, 32)
    assert first["lr"].shape == (3, 4, 8, 8)
    torch.testing.assert_close(first["hr"], again["hr"], rtol=0, atol=0)
    torch.testing.assert_close(first["lr"], again["lr"], rtol=0, atol=0)


def test_lr_differs_between_batches_and_processes(small_data):
    data = MixtureDataModule(str(small_data), crop_lr_px=8, batch_size=2, steps_per_epoch=2)
    hr = torch.rand(2, 4, 32, 32)

    def lr(batch, rank):
        data.trainer = SimpleNamespace(fit_loop=SimpleNamespace(total_batch_idx=batch), global_rank=rank)
        return data.on_after_batch_transfer({"hr": hr}, 0)["lr"]

    assert torch.equal(lr(5, 0), lr(5, 0))
    assert not torch.equal(lr(5, 0), lr(6, 0))
    assert not torch.equal(lr(5, 0), lr(5, 1))


@pytest.mark.parametrize("degradation", ["sensor", "bilinear", "bicubic"])
def test_every_degradation_keeps_the_mean(tmp_path, degradation):
    data = module(photographs(tmp_path / "photographs"), degradation=degradation)
    batch = data.on_after_batch_transfer(next(iter(data.val_dataloader())), 0)
    torch.testing.assert_close(batch["lr"].mean(), batch["hr"].mean(), atol=0.01, rtol=0)


def test_views_differ_and_the_first_is_not_shifted(tmp_path):
    data = module(photographs(tmp_path / "p"), degradation="bilinear", views=ViewsConfig(3, shift_lr_px=0.4))
    plain = module(tmp_path / "p", degradation="bilinear")
    hr = next(iter(data.train_dataloader()))
    views = data.on_after_batch_transfer(hr, 0)["lr"]
    assert views.shape == (3, 3, 3, 8, 8)
    torch.testing.assert_close(views[:, 0], plain.on_after_batch_transfer(hr, 0)["lr"])
    assert not torch.equal(views[:, 0], views[:, 1])
    assert not torch.equal(views[:, 1], views[:, 2])


def test_lines_are_drawn_in_hr_and_lr_of_training_alone(tmp_path):
    photographs(tmp_path / "p")
    plain, drawn = module(tmp_path / "p"), module(tmp_path / "p", drawn=DrawnConfig(share=1.0))
    lr = {}
    for name, data in (("plain", plain), ("drawn", drawn)):
        lr[name] = data.on_after_batch_transfer(next(iter(data.train_dataloader())), 0)
    changed = {key: (lr["drawn"][key] - lr["plain"][key]).abs().amax((1, 2, 3)) for key in ("hr", "lr")}
    assert (changed["hr"] > 0.01).all() and (changed["lr"] > 0.005).all()
    fine = torch.nn.functional.avg_pool2d(lr["drawn"]["hr"], data.scale)
    torch.testing.assert_close(lr["drawn"]["lr"].mean((2, 3)), fine.mean((2, 3)), atol=0.02, rtol=0)
    validation = [next(iter(data.val_dataloader())) for data in (plain, drawn)]
    a, b = (data.on_after_batch_transfer(batch, 0) for data, batch in zip((plain, drawn), validation, strict=True))
    assert torch.equal(a["hr"], b["hr"]) and torch.equal(a["lr"], b["lr"])
