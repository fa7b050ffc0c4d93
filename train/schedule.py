"""Schedules of the learning rate, and the progress of a run that they follow."""

import math
from collections.abc import Sequence
from typing import Literal

import lightning as L
from lightning.pytorch.callbacks import Timer
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, ReduceLROnPlateau

from rs_srgan.errors import InputError

Schedule = Literal["cosine", "plateau"]

# Share of the peak learning rate at the end of the cosine.
_LAST_SHARE = 0.01


def cosine(step: int, warmup_steps: int, progress: float) -> float:
    """Return the share of the peak learning rate: a linear warm-up, then a half cosine down to 1 %.

    Args:
        step: step of the optimiser, from 0.
        warmup_steps: number of steps to reach the peak.
        progress: share of the run that is done, 0 to 1.
    """
    falling = _LAST_SHARE + (1 - _LAST_SHARE) * 0.5 * (1 + math.cos(math.pi * progress))
    return min(1.0, (step + 1) / warmup_steps) * falling


def on_plateau(optimizer: Optimizer) -> ReduceLROnPlateau:
    """Return the schedule "plateau": a quarter of the rate when PSNR has not risen for more than three validations."""
    return ReduceLROnPlateau(optimizer, mode="max", factor=0.25, patience=3)


def run_progress(trainer: L.Trainer) -> float:
    """Return the share of a run that is done, 0 to 1, by steps, epochs or time, whichever is furthest."""
    done = [0.0]
    if trainer.max_steps > 0:
        done.append(trainer.global_step / trainer.max_steps)
    if (trainer.max_epochs or -1) > 0:
        # Counted in batches: with two optimisers every batch is two of Lightning's steps.
        batches = trainer.num_training_batches * int(trainer.max_epochs or 1)  # infinite before the start
        done.append(max(0, trainer.fit_loop.total_batch_idx) / max(1, batches))
    for timer in _timers(trainer):
        if (left := timer.time_remaining()) is not None:
            spent = timer.time_elapsed()
            done.append(spent / (spent + left))
    # The clocks of several processes differ; without this, so would their rates and then their weights.
    return min(1.0, float(trainer.strategy.broadcast(max(done))))


def take_rates(schedulers: Sequence[LRScheduler | ReduceLROnPlateau], rates: Sequence[float]) -> bool:
    """Give schedules that a checkpoint restored other peak rates, from which they go on.

    Args:
        schedulers: the restored schedules.
        rates: peak learning rate of each.

    Returns:
        False if a schedule has no peak: "plateau" goes on with the restored rate.
    """
    for scheduler, rate in zip(schedulers, rates, strict=True):
        if not isinstance(scheduler, LambdaLR):
            return False
        scheduler.base_lrs = [rate] * len(scheduler.base_lrs)
        for group, share in zip(scheduler.optimizer.param_groups, scheduler.lr_lambdas, strict=True):
            group["initial_lr"], group["lr"] = rate, rate * share(scheduler.last_epoch)
    return True


def require_end(trainer: L.Trainer) -> None:
    """Check that a run has a given length, because the schedule needs it.

    Raises:
        InputError: it has none.
    """
    if trainer.max_steps < 1 and (trainer.max_epochs or -1) < 1 and not _timers(trainer):
        raise InputError("The run has no length: set trainer.max_steps, max_epochs or max_time.")


def require_positive(name: str, rate: float) -> None:
    """Check that a learning rate is above 0 and finite.

    Raises:
        InputError: it is not.
    """
    if not 0 < rate < math.inf:
        raise InputError(f"{name} is {rate}; expected more than 0, for example 1.0e-4.")


def _timers(trainer: L.Trainer) -> list[Timer]:
    return [each for each in trainer.callbacks if isinstance(each, Timer)]  # type: ignore[attr-defined]
