"""`BatchReport`: how a batch went, as data, as JSON and as text."""

import heapq
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rs_srgan.addresses import without_secrets

# Scenes that the report lists as the slowest.
_SLOWEST = 10
_STAGES = ("read", "compute", "compress", "write")


@dataclass(frozen=True)
class Failure:
    """A scene that could not be finished.

    Attributes:
        output: file name of its result.
        source: its first image.
        reason: the reason, for people.
        attempts: number of times that the step was tried that failed at last.
    """

    output: str
    source: str
    reason: str
    attempts: int

    def __post_init__(self) -> None:
        for name in ("source", "reason"):  # the report is a file that others read
            object.__setattr__(self, name, without_secrets(getattr(self, name)))


@dataclass(frozen=True, order=True)
class Timing:
    """The time that a scene took.

    Attributes:
        seconds: time from opening to publishing.
        output: file name of its result.
        lr_px: number of LR pixels.
        stages: seconds of all workers together, by stage, and of the writer.
        retries: number of blocks that were computed again.
    """

    seconds: float
    output: str
    lr_px: int = field(compare=False)
    stages: Mapping[str, float] = field(compare=False)
    retries: int = field(compare=False)

    @property
    def why(self) -> str:
        """The stage that took longest, with its share, or the retries."""
        total = sum(self.stages.values())
        stage = max(self.stages, key=lambda name: self.stages[name], default="read")
        share = f"{stage}: {100 * self.stages.get(stage, 0) / total:.0f} %" if total else "waiting"
        return f"{share}, {self.retries} blocks again" if self.retries else share


@dataclass
class BatchReport:
    """The result of a batch.

    Attributes:
        scenes: number of scenes in the list.
        done: number of scenes that this run finished.
        earlier: number of scenes that earlier runs had finished.
        failures: the scenes that failed.
        lr_px: LR pixels that this run computed, in finished scenes.
        seconds: time of this run.
        retries: number of blocks that were computed again.
        by_node: LR pixels by node.
        by_engine: LR pixels by engine and versions, as "openvino bf16 on cpu, rs_srgan 1.0.0, ...".
        warnings: number of warnings.
    """

    scenes: int
    earlier: int = 0
    done: int = 0
    failures: list[Failure] = field(default_factory=list)
    lr_px: int = 0
    seconds: float = 0.0
    retries: int = 0
    by_node: Counter[str] = field(default_factory=Counter)
    by_engine: Counter[str] = field(default_factory=Counter)
    warnings: int = 0
    _slowest: list[Timing] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """The exit code of the command: 0 all scenes are there, 3 some failed, 1 all failed."""
        if not self.failures:
            return 0
        return 1 if len(self.failures) == self.scenes else 3

    @property
    def slowest(self) -> list[Timing]:
        """The slowest scenes, the slowest first."""
        return sorted(self._slowest, reverse=True)

    def finish(self, timing: Timing) -> None:
        """Count a finished scene."""
        self.done += 1
        self.lr_px += timing.lr_px
        heapq.heappush(self._slowest, timing)
        if len(self._slowest) > _SLOWEST:
            heapq.heappop(self._slowest)

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON."""
        return {
            "scenes": self.scenes,
            "done": self.done,
            "earlier": self.earlier,
            "failed": len(self.failures),
            "lr_px": self.lr_px,
            "seconds": round(self.seconds, 3),
            "lr_px_per_second": round(self.lr_px / max(self.seconds, 1e-3)),
            "blocks_again": self.retries,
            "lr_px_by_node": dict(self.by_node),
            "lr_px_by_engine": dict(self.by_engine),
            "failures": [vars(each) for each in self.failures],
            "slowest": [vars(each) | {"why": each.why} for each in self.slowest],
        }

    def json(self) -> str:
        """Return the text of report.json."""
        return json.dumps(self.to_json(), indent=1) + "\n"

    def summary(self) -> str:
        """Return one line for people."""
        failed = f", {len(self.failures)} failed" if self.failures else ""
        earlier = f", {self.earlier} were there" if self.earlier else ""
        scenes = f"{self.done} of {self.scenes} scenes done{earlier}{failed}"
        if not self.done:
            return f"{scenes}."
        pace = _count(self.lr_px / max(self.seconds, 1e-3))
        return f"{scenes}; {_count(self.lr_px)} LR pixels in {self.seconds:.1f} s, {pace} a second."

    def markdown(self) -> str:
        """Return the text of report.md."""
        lines = ["# Batch", "", self.summary(), ""]
        if self.by_node:
            lines += ["| node | LR pixels | LR px/s |", "| --- | ---: | ---: |"]
            lines += [
                f"| {node} | {pixels:,} | {pixels / max(self.seconds, 1e-3):,.0f} |"
                for node, pixels in sorted(self.by_node.items())
            ]
            lines.append("")
        if self.by_engine:
            lines += ["| engine | LR pixels |", "| --- | ---: |"]
            lines += [f"| {engine} | {pixels:,} |" for engine, pixels in sorted(self.by_engine.items())]
            lines.append("")
        if self.failures:
            lines += ["## Failed", "", "| result | source | attempts | reason |", "| --- | --- | ---: | --- |"]
            lines += [
                f"| {_cell(each.output)} | {_cell(each.source)} | {each.attempts} | {_cell(each.reason)} |"
                for each in self.failures
            ]
            lines += ["", "The same command tries these scenes again.", ""]
        if self._slowest:
            head = " | ".join(f"{stage}, s" for stage in _STAGES)
            lines += ["## Slowest", "", f"| result | s | LR pixels | {head} | most time |"]
            lines.append("| --- | ---: | ---: |" + " ---: |" * len(_STAGES) + " --- |")
            for each in self.slowest:
                stages = " | ".join(f"{each.stages.get(stage, 0):.1f}" for stage in _STAGES)
                lines.append(f"| {_cell(each.output)} | {each.seconds:.1f} | {each.lr_px:,} | {stages} | {each.why} |")
            lines.append("")
        return "\n".join(lines)


def _count(number: float) -> str:
    """Return a number of pixels for people."""
    return f"{number / 1e6:,.1f} million" if number >= 1e6 else f"{number:,.0f}"


def _cell(text: str) -> str:
    """Return a text that fits into a cell of a table."""
    return " ".join(text.replace("|", "\\|").split())
