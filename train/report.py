"""Report of a run: whether it helped, its figures, curves and pictures on one page."""

import csv
import logging
import time
from pathlib import Path

import lightning as L
from lightning.pytorch.loggers import CSVLogger
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rs_srgan.evaluation.report.tables import table
from rs_srgan.whole_files import whole_file
from train.callbacks import trains
from train.comparison import gains, verdict
from train.gan import GANModule
from train.module import SRModule
from train.validation import SPECTRUM_AT

logger = logging.getLogger(__name__)

# Panels of the curves: title -> names in the log. Panels without values in the log are left out.
_PANELS = {
    "Reconstruction loss": ("train/loss",),
    "Discriminator loss": ("train/discriminator",),
    "D(x), D(G(x)), told apart": ("train/D(x)", "train/D(G(x))", "train/told_apart"),
    "Gain over back-projection, dB": ("val/gain",),
    "Spectrum against HR, dB": tuple(f"val/spectrum_{frequency}" for frequency in SPECTRUM_AT),
    "Learning rates": ("train/rate_0", "train/rate_1"),
}


class Report(L.Callback):
    """Writes `report.md` with the last figures, curves and pictures at the end of a run, and logs the throughput.

    Args:
        folder: folder of the report; a report of an earlier run is replaced.
    """

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self._seconds, self._batches = 0.0, 0
        self._since = time.monotonic()
        self._began = False

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Note that there is something to train, which is not so with the checkpoint of a finished run."""
        self._began = True

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Restart the clock, so that the time of a validation does not count."""
        self._since = time.monotonic()

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: object, batch: object, batch_idx: int
    ) -> None:
        """Log the learning rates, and the throughput including the time of loading."""
        now = time.monotonic()
        self._seconds, self._since = self._seconds + now - self._since, now
        self._batches += 1
        for index, optimizer in enumerate(trainer.optimizers):
            pl_module.log(f"train/rate_{index}", float(optimizer.param_groups[0]["lr"]))
        pl_module.log("train/batches_per_second", self._batches / self._seconds)

    def on_fit_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write the report, unless the run was finished before."""
        if not self._began or not trains(trainer):
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        steps = pl_module.steps_done if isinstance(pl_module, SRModule) else trainer.global_step
        figures = [[name, f"{float(value):.4g}"] for name, value in sorted(trainer.callback_metrics.items())]
        lines = [
            f"# {self.folder.name}",
            "",
            f"{type(pl_module).__name__}, {steps} steps, precision {trainer.precision}, "
            f"{self._batches} batches in this session, {self._batches / max(self._seconds, 1e-9):.1f} per second.",
            "",
            *([*_outcome(pl_module), ""] if isinstance(pl_module, SRModule) and pl_module.latest else []),
            table(["figure", "last value"], figures),
        ]
        tables = [each for each in trainer.loggers if isinstance(each, CSVLogger)]
        if tables and (log := Path(tables[0].log_dir) / "metrics.csv").is_file():
            with whole_file(self.folder / "curves.png") as fresh:
                curves(log).savefig(fresh, dpi=90)
            lines += ["", "![Curves](curves.png)"]
        pictures = sorted((self.folder / "figures").glob("*.png"))
        lines += ["", *(f"![{picture.stem}](figures/{picture.name})" for picture in pictures)]
        lines += [
            "",
            "Use `model/` with `load_model` or `rs-srgan predict --model`, or push it to the Hub.",
        ]
        with whole_file(self.folder / "report.md") as fresh:
            fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _outcome(module: SRModule) -> list[str]:
    """Return whether the run helped, also to the log, and the figures of each place."""
    places = module.latest
    if module.init_from is None:
        found = {site: each.model - each.baseline for site, each in places.items()}
        sentence = verdict(found, "the method without learning", "Train longer, or on more data.")
    else:
        sentence = verdict(gains(places, module.at_start), f"the start ({Path(module.init_from).name})")
    if isinstance(module, GANModule):
        sentence += " This is PSNR, which a GAN lowers; judge its detail by the spectrum and the pictures."
    logger.info("%s", sentence)
    rows = [
        [site, *(f"{value:.2f}" if value is not None else "" for value in _row(module, site))]
        for site in sorted(places)
    ]
    return [sentence, "", table(["place, PSNR in dB", "bicubic", "without learning", "start", "now"], rows)]


def _row(module: SRModule, site: str) -> list[float | None]:
    each = module.latest[site]
    return [each.bicubic, each.baseline, module.at_start.get(site), each.model]


def read_log(log: Path) -> list[dict[str, str]]:
    """Read the rows of a CSV log, after the rows of the earlier runs that it resumed.

    Lightning starts a new version of the log with every run. Rows of an earlier run from the first step of a later run
    on are left out, because the later run did not resume from them.
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
    """Return the panels of a CSV log, drawn over the steps."""
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
