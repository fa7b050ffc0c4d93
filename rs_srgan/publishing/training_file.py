"""training.json: the record that training leaves beside the weights."""

from dataclasses import dataclass, field
from pathlib import Path

from rs_srgan.figures.json_value import JsonValue

TRAINING_FILE = "training.json"


@dataclass(frozen=True)
class TrainingRecord:
    """The part of training.json that a card shows; None for values that the file does not have.

    Attributes:
        init_from: the model that training started from, a name or a folder.
        steps: the number of optimiser steps.
        minutes: the duration of the run.
        seed: the seed of all random choices.
        data: the digest of the data manifest.
        revision: the commit of the code.
        versions: the versions of the packages, by name.
    """

    init_from: str | None = None
    steps: int | None = None
    minutes: float | None = None
    seed: int | None = None
    data: str | None = None
    revision: str | None = None
    versions: dict[str, str] = field(default_factory=dict)

    def sentence(self) -> str:
        """Return the record as one sentence; empty if nothing is known."""
        known = []
        if self.init_from:
            known.append(f"from {Path(self.init_from).name}")
        if self.steps and self.minutes:
            known.append(f"{self.steps:,} steps in {self.minutes:g} minutes")
        if self.seed is not None:
            known.append(f"seed {self.seed}")
        if self.data is not None:
            known.append(f"data manifest {self.data[:16]}")
        if self.revision:
            known.append(f"revision {self.revision[:12]}")
        known += [f"{name} {number}" for name, number in self.versions.items()]
        return ", ".join(known) + "." if known else ""


def read_training(folder: Path) -> TrainingRecord:
    """Read training.json of a model's folder; without that file, the record is empty.

    Raises:
        InputError: the file is not JSON, or a value is of another kind; the message names the key.
    """
    path = folder / TRAINING_FILE
    if not path.is_file():
        return TrainingRecord()
    found = JsonValue.of_file(path)
    steps, minutes, seed, versions = (found.get(key) for key in ("steps", "minutes", "seed", "versions"))
    init_from, data, revision = (
        None if (value := found.get(key)) is None else value.text() for key in ("init_from", "data", "revision")
    )
    return TrainingRecord(
        init_from=init_from,
        steps=None if steps is None else int(steps.number()),
        minutes=None if minutes is None else minutes.number(),
        seed=None if seed is None else int(seed.number()),
        data=data,
        revision=revision,
        versions={} if versions is None else {name: version.text() for name, version in versions.items()},
    )
