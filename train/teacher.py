"""Teacher: a trained model whose results are a part of what another model learns."""

from dataclasses import dataclass

import torch
from torch import Tensor

from rs_srgan.errors import InputError
from rs_srgan.models import SISR
from rs_srgan.models.config import SISRConfig
from rs_srgan.models.loading import load_model
from train.data.batch import Batch
from train.lines import averaged_along, lines_of

# Quarter turns, and whether columns are mirrored afterwards.
_ORIENTATIONS = tuple((turns, mirrored) for turns in range(4) for mirrored in (False, True))


@dataclass(frozen=True)
class TeacherConfig:
    """The teacher of a run.

    Attributes:
        model: bundled name, folder or Hub id of the model.
        weight: share of its result in what the losses compare with, above 0 and at most 1; the rest is HR.
        ensemble: take the mean of its results for four quarter turns, each also mirrored, which is eight times as slow.
        along_lines_px: reach to both sides, HR pixels, over which the difference of its result to HR is averaged along
            lines and straight edges of HR: they stay as sharp as the result, and have no beads. 0: no averaging.
    """

    model: str
    weight: float = 0.5
    ensemble: bool = False
    along_lines_px: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.weight <= 1:
            raise InputError(
                f"teacher.weight is {self.weight}; expected more than 0 and at most 1, for example 0.5. Leave teacher "
                "out to learn from HR alone."
            )
        if self.along_lines_px < 0:
            raise InputError(f"teacher.along_lines_px is {self.along_lines_px}; expected 0 or more.")


class Teacher:
    """A frozen model that gives the losses something to compare with beside HR.

    It is no part of the trained module, so checkpoints, averages and optimisers do not contain it.

    Args:
        config: the teacher.
        student: configuration of the model that learns.

    Raises:
        InputError: the teacher takes several images, or has another scale or other bands than the student.

    Source: Hinton et al. 2015 for learning from a model; Timofte et al. 2016 for the mean of orientations.
    """

    def __init__(self, config: TeacherConfig, student: SISRConfig) -> None:
        model = load_model(config.model)
        fields = ("scale", "bands", "guide_bands", "sensor")
        differing = [
            f"{name} is {getattr(model.config, name)!r} there and {getattr(student, name)!r} here"
            for name in fields
            if getattr(model.config, name) != getattr(student, name)
        ]
        if not isinstance(model, SISR) or student.several:
            raise InputError(f"teacher is {config.model}; expected a model of one image, for a model of one image.")
        if differing:
            raise InputError(f"teacher is {config.model}; expected the scale and bands of the model: {differing[0]}.")
        self.model, self.config = model.eval().requires_grad_(False), config

    def target(self, batch: Batch) -> Tensor:
        """Return what the losses compare SR with: HR mixed with the teacher's result, reflectance, of HR's shape."""
        with torch.no_grad():
            difference = self.result(batch["lr"], batch.get("guide")) - batch["hr"]
            if self.config.along_lines_px:
                strength, direction = lines_of(batch["hr"])
                even = averaged_along(difference, direction, self.config.along_lines_px)
                difference = torch.lerp(difference, even, strength)
            return batch["hr"] + self.config.weight * difference

    def result(self, lr: Tensor, guide: Tensor | None = None) -> Tensor:
        """Return the teacher's result for training crops; see `SISR.forward`."""
        model = self.model.to(lr.device)
        if not self.config.ensemble:
            return model(lr, guide=guide, pad=False)  # type: ignore[no-any-return]
        results = []
        for turns, mirrored in _ORIENTATIONS:
            turned = [None if each is None else _mirrored(_turned(each, turns), mirrored) for each in (lr, guide)]
            made = model(turned[0], guide=turned[1], pad=False)
            results.append(_turned(_mirrored(made, mirrored), -turns))
        return torch.stack(results).mean(0)


def _turned(image: Tensor, turns: int) -> Tensor:
    return image.rot90(turns, (-2, -1))


def _mirrored(image: Tensor, mirrored: bool) -> Tensor:
    return image.flip(-1) if mirrored else image
