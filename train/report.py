"""What a run was and how it went, on one page."""

import csv
import time
from pathlib import Path

import lightning as L
from lightning.pytorch.loggers import CSVLogger
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from train.module import SPECTRUM_AT, SRModule

# What is drawn, each in a panel of its own where the run logged it: title -> names in the log.
_PANELS = {
    "Reconstruction loss": ("train/loss",),
    "Discriminator's loss": ("train/discriminator",),
    "D(x), D(G(x)), told apart": ("train/D(x)", "train/D(G(x))", "train/told_apart"),
    "Gain over back-projection, dB": ("val/gain",),
    "Spectrum against HR, dB": tuple(f"val/spectrum_{frequency}" for frequency in SPECTRUM_AT),
    "Learning rates": ("train/rate_0", "train/rate_1"),
}


class Report(L.Callback):
    """At the end of a run, `report.md` with its last figures, curves and pictures; the throughput in the log.

    Args:
        folder: where; what it holds of an earlier run is replaced.
    """

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self._seconds, self._batches = 0.0, 0
        self._since = time.monotonic()

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Look at the clock: what a validation took is not counted."""
        self._since = time.monotonic()

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: object, batch: object, batch_idx: int
    ) -> None:
        """Note the rates and the throughput, with the time that loading took."""
        now = time.monotonic()
        self._seconds, self._since = self._seconds + now - self._since, now
        self._batches += 1
        for index, optimizer in enumerate(trainer.optimizers):
            pl_module.log(f"train/rate_{index}", float(optimizer.param_groups[0]["lr"]))
        pl_module.log("train/batches_per_second", self._batches / self._seconds)

    def on_fit_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write the page."""
        if not trainer.is_global_zero:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        steps = pl_module.steps_done if isinstance(pl_module, SRModule) else trainer.global_step
        lines = [
            f"# {self.folder.name}",
            "",
            f"{type(pl_module).__name__}, {steps} steps, precision {trainer.precision}, "
            f"{self._batches} batches in this session at {self._batches / max(self._seconds, 1e-9):.1f} a second.",
            "",
            "| figure | at the end |",
            "| --- | ---: |",
        ]
        lines += [f"| {name} | {float(value):.4g} |" for name, value in sorted(trainer.callback_metrics.items())]
        if isinstance(trainer.logger, CSVLogger) and (log := Path(trainer.logger.log_dir) / "metrics.csv").is_file():
            curves(log).savefig(self.folder / "curves.png", dpi=90)
            lines += ["", "![Curves](curves.png)"]
        elif trainer.logger:
            lines += ["", f"No curves here: the log is {type(trainer.logger).__name__}'s, and they are drawn from CSV."]
        pictures = sorted((self.folder / "figures").glob("*.png"))
        lines += ["", *(f"![{picture.stem}](figures/{picture.name})" for picture in pictures)]
        lines += ["", "`model/` is ready for `load_model`, `rs-srgan predict --model` and the Hub."]
        (self.folder / "report.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_log(log: Path) -> list[dict[str, str]]:
    """The rows of a CSV log, after those of the runs before that it goes on from.

    Lightning begins a new version of the log with every run. What an earlier one did beyond the step at which a later
    one begins was not gone on from.
    """
    rows: list[dict[str, str]] = []
    for path in sorted(log.parent.parent.glob("version_*/metrics.csv"), key=_version):
        if _version(path) > _version(log):
            break
        with path.open(encoding="utf-8") as file:
            fresh = list(csv.DictReader(file))
        first = min((int(row["step"]) for row in fresh), default=0)
        rows = [row for row in rows if int(row["step"]) < first] + fresh
    return rows


def _version(log: Path) -> int:
    return int(log.parent.name.removeprefix("version_"))


def curves(log: Path) -> Figure:
    """What a CSV log holds of the panels, over the steps."""
    rows = read_log(log)
    panels = {
        title: {name: points for name in names if (points := _points(rows, name))} for title, names in _PANELS.items()
    }
    panels = {title: series for title, series in panels.items() if series}
    figure = Figure(figsize=(9, 2.4 * max(1, -(-len(panels) // 2))), layout="constrained")
    FigureCanvasAgg(figure)
    for index, (title, series) in enumerate(panels.items(), start=1):
        axis = figure.add_subplot(-(-len(panels) // 2), 2, index)
        for name, points in series.items():
            axis.plot(*zip(*points, strict=True), label=name.split("/", 1)[1], linewidth=1)
        axis.set_title(title, fontsize=9)
        axis.tick_params(labelsize=7)
        if len(series) > 1:
            axis.legend(fontsize=6)
    return figure


def _points(rows: list[dict[str, str]], name: str) -> list[tuple[int, float]]:
    return [(int(row["step"]), float(row[name])) for row in rows if row.get(name)]
