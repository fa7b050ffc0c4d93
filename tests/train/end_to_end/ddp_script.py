"""Script that test_ddp.py runs in two processes: trains each stage briefly, and saves weights and figures."""

import sys
from pathlib import Path

import lightning as L
import torch
from torch.utils.data import DataLoader

from tests.train.test_gan import large_pairs, module
from train.callbacks import SaveModel
from train.module import SISRModule, SRModule
from train.uncertainty import UncertaintyModule


def validation() -> DataLoader:
    """Return five images of three sites, so that one process has more of them."""
    torch.manual_seed(3)
    images = [{"hr": torch.rand(4, 64, 64), "lr": torch.rand(4, 16, 16), "group": "images"} for _ in range(5)]
    return DataLoader([image | {"site": str(index % 3)} for index, image in enumerate(images)], 1)


def stage_of(name: str, folder: Path) -> SRModule:
    """Return a stage; that of the uncertainty begins with the model `source` of the folder."""
    if name == "uncertainty":
        return UncertaintyModule(str(folder / "source"), warmup_steps=1)
    return module() if name == "gan" else SISRModule(config=module().model.config, warmup_steps=1)


def train(stage: str, folder: Path) -> None:
    """Train a stage in two processes, and save weights and figures of this process."""
    trained = stage_of(stage, folder.parent)
    length = {"max_time": {"seconds": 1}, "max_epochs": -1} if stage == "clock" else {"max_steps": 6}
    trainer = L.Trainer(
        accelerator="cpu",
        devices=2,
        strategy="ddp_find_unused_parameters_true",
        logger=False,
        enable_progress_bar=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        callbacks=[SaveModel(str(folder / "model"))],
        **length,
    )
    trainer.fit(trained, large_pairs(16), validation())
    trainer.validate(trained, validation(), verbose=False)
    figures = {name: float(value) for name, value in trainer.callback_metrics.items()}
    folder.mkdir(exist_ok=True)
    torch.save((trained.state_dict(), figures), folder / f"rank{trainer.global_rank}.pt")


if __name__ == "__main__":
    for name in sys.argv[2:]:
        train(name, Path(sys.argv[1]) / name)
