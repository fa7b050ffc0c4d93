"""Lightning's command line on our modules, `python -m train fit --config F.yaml`; and `convert` and `reproduce`."""

import sys
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from jsonargparse import Namespace
from lightning.pytorch.callbacks import ModelCheckpoint, WeightAveraging
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI

from rs_srgan.errors import InputError
from rs_srgan.inference.engine import computes_in_bf16, default_device
from train import convert, reproduce
from train.callbacks import Averaging, SaveModel
from train.figures import Figures
from train.gan import GANModule
from train.keys import check_command, check_keys, find_class
from train.report import Report

_DESCRIPTION = "Training on Lightning's command line. Beside its commands: convert, a checkpoint of the original \
Remote-Sensing-SRGAN into a model folder; reproduce, whether the recipe of a bundled model still trains. For either: \
python -m train convert --help."
_LOGGERS = {"csv": "CSVLogger", "tensorboard": "TensorBoardLogger", "wandb": "WandbLogger"}


class TrainCLI(LightningCLI):
    """LightningCLI; what model and data must agree on stands once, in the model's configuration.

    Everything about a run lies in `trainer.default_root_dir`: log/, checkpoints/, figures/, report.md, and model/.
    """

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Options of our own, and what the model, once it is made, hands to the data."""
        parser.add_argument("--log", type=Literal["csv", "tensorboard", "wandb"], default="csv", help="where to")
        parser.add_argument("--ema", type=float, default=0.999, help="decay of the averaged weights; 0: none")
        for name in ("scale", "bands", "mtf_nyquist"):
            parser.link_arguments(f"model.{name}", f"data.init_args.{name}", apply_on="instantiate")

    def before_instantiate_classes(self) -> None:
        """Add the logger and the callbacks that every run has, unless the request names its own."""
        config = self.config[self.subcommand]
        trainer = config.trainer
        resumed = config.get("ckpt_path")
        if resumed not in (None, "last", "best", "hpc") and not Path(resumed).is_file():
            raise InputError(f"The checkpoint {resumed} (ckpt_path) does not exist.")
        if trainer.gradient_clip_val and issubclass(find_class(config.model.class_path, "model"), GANModule):
            raise InputError("GANModule clips both networks itself: set model.gradient_clip, not gradient_clip_val.")
        if not 0 <= config.ema < 1:
            raise InputError(f"ema is {config.ema}; expected 0 (none) or a decay below 1, such as 0.999.")
        trainer.precision = trainer.precision or default_precision(trainer.accelerator)
        if config.log != "csv" and not find_spec(config.log):
            raise InputError(f"--log {config.log} needs its package, which is not here: pip install {config.log}.")
        root = Path(trainer.default_root_dir or "runs/latest")
        trainer.default_root_dir = str(root)
        if trainer.logger is None:
            options = {"save_dir": str(root), "name": "log"}
            trainer.logger = _made("lightning.pytorch.loggers." + _LOGGERS[config.log], **options)
        trainer.callbacks = with_defaults(trainer.callbacks, root, config.ema)


def with_defaults(requested: list[Namespace] | Namespace | None, root: Path, ema: float) -> list[Namespace]:
    """The callbacks that every run has, but for those whose class the request names itself, and the requested ones."""
    given = requested if isinstance(requested, list) else [requested] if requested else []
    kinds = [find_class(callback.class_path, "trainer.callbacks") for callback in given]
    options: dict[type[Any], dict[str, Any]] = {
        # by epochs: in manual optimisation Lightning's ModelCheckpoint never looks at the clock
        ModelCheckpoint: {
            "dirpath": str(root / "checkpoints"),
            "every_n_epochs": 1,
            "save_on_train_epoch_end": True,
            "save_last": True,
            "enable_version_counter": False,  # a run in the same folder goes on with the same file
        },
        SaveModel: {"folder": str(root / "model")},
        Figures: {"folder": str(root / "figures")},
        Report: {"folder": str(root)},
    }
    own = [
        _made(f"{kind.__module__}.{kind.__name__}", **arguments)
        for kind, arguments in options.items()
        if not any(issubclass(each, kind) for each in kinds)
    ]
    averages = any(issubclass(each, WeightAveraging) for each in kinds)
    last = [_made(f"{Averaging.__module__}.Averaging", decay=ema)] if ema and not averages else []
    return [*own, *given, *last]  # SaveModel before the averaging


def default_precision(accelerator: str) -> str:
    """bf16 where the hardware computes with it; processors that emulate it take many times as long as in fp32."""
    device = "cpu" if accelerator == "cpu" else default_device()
    return "bf16-mixed" if computes_in_bf16(device) else "32-true"


def _made(class_path: str, **options: Any) -> Namespace:  # noqa: ANN401
    return Namespace(class_path=class_path, init_args=Namespace(**options))  # type: ignore[no-untyped-call]


def run(arguments: Sequence[str]) -> None:
    """A command line of Lightning's."""
    check_keys(arguments[1:], own=("log", "ema"))
    TrainCLI(
        args=list(arguments),
        save_config_kwargs={"overwrite": True},
        parser_kwargs={"description": _DESCRIPTION},
        subclass_mode_model=True,
        subclass_mode_data=True,
        trainer_defaults={
            "reload_dataloaders_every_n_epochs": 1,  # every epoch its own crops
            "precision": None,  # see `default_precision`
            "log_every_n_steps": 50,
        },
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; 2 where the request cannot be met, 1 where the run had to stop at values that are not finite."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    # Lightning's own, on every run: its dependency's new name for a class, and a switch that we cannot set
    warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
    warnings.filterwarnings("ignore", message=".*lr_scheduler.step.*before .*optimizer.step.*")
    try:
        if arguments and not arguments[0].startswith("-"):
            check_command(arguments[0], {*TrainCLI.subcommands(), "convert", "reproduce"})
        if arguments[:1] == ["convert"]:
            convert.main(arguments[1:])
            return 0
        if arguments[:1] == ["reproduce"]:
            reproduce.main(arguments[1:], run)
            return 0
        run(arguments)
    except Exception as error:
        cause = _cause(error)
        if cause is None:
            raise
        print(f"train: {cause}", file=sys.stderr)
        return 2 if isinstance(cause, InputError) else 1
    return 0


def _cause(error: BaseException | None) -> InputError | FloatingPointError | None:
    """What `error` is, or comes from, that a line says: jsonargparse wraps what a constructor raises."""
    while error is not None and not isinstance(error, InputError | FloatingPointError):
        error = error.__cause__ or error.__context__
    return error


if __name__ == "__main__":
    sys.exit(main())
