"""Run by test_ddp.py in two processes: a few iterations, then the weights of each."""

import sys
from pathlib import Path

import lightning as L
import torch

from tests.train.test_gan import large_pairs, module
from train.module import SISRModule

stage, folder = sys.argv[1], Path(sys.argv[2])
trained = module() if stage == "gan" else SISRModule(module().model.config, warmup_steps=1)
trainer = L.Trainer(
    accelerator="cpu",
    devices=2,
    strategy="ddp_find_unused_parameters_true",
    max_steps=6,
    logger=False,
    enable_progress_bar=False,
    enable_checkpointing=False,
    enable_model_summary=False,
)
trainer.fit(trained, large_pairs(32))
torch.save(trained.state_dict(), folder / f"rank{trainer.global_rank}.pt")
