"""Command line of training: `python -m train fit --config F.yaml` by Lightning, and some commands of our own."""

import logging
import os
import pydoc
import sys
import warnings
from argparse import ArgumentError
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import torch
from jsonargparse import Namespace
from lightning.pytorch.callbacks import ModelCheckpoint, WeightAveraging
from lightning.pytorch.cli import ArgsType, LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import CSVLogger

from rs_srgan.errors import InputError
from rs_srgan.hub.names import local_files
from rs_srgan.inference.engine import default_threads
from rs_srgan.inference.processor import default_device, faster_in_bf16
from rs_srgan.writing.guard import require_unread
from train import average, chosen_help, convert, finetune, reproduce
from train.callbacks import Averaging, CheckPairs, FitNormalisation, SaveModel
from train.data.module import SRDataModule
from train.figures import Figures
from train.gan import GANModule
from train.parser_error import one_line
from train.remedies import InTraining, in_training
from train.report import Report
from train.stopping import HowToGoOn, catch_signals, exit_code, require_checkpoint, unwritten

_DESCRIPTION = (
    "Training, by the command line of Lightning. There are more commands: finetune adapts a model to a folder of "
    "images, inspect compares LR with HR of pairs that a configuration names, convert makes a model folder of a "
    "checkpoint of the original Remote-Sensing-SRGAN, average mixes a fine-tuned model with its start, and reproduce "
    "trains a bundled model again by its recipe. See python -m train COMMAND --help. fit --config F.yaml --help lists "
    "the options of Lightning, and those of the stage and the data module of that file."
)
_LOGGERS = {
    name: f"lightning.pytorch.loggers.{kind}Logger"
    for name, kind in {"csv": "CSV", "tensorboard": "TensorBoard", "wandb": "Wandb"}.items()
}
# Folder of a run whose configuration names none.
_USUAL_ROOT = "runs/latest"


class TrainCLI(LightningCLI):
    """LightningCLI with the logger and callbacks of every run, and with links from the model to the data.

    A run writes only below `trainer.default_root_dir`: log/, checkpoints/, figures/, report.md and model/.
    """

    @staticmethod
    def subcommands() -> dict[str, set[str]]:
        """Return the commands of Lightning that our stages can do, with arguments that the command line leaves out."""
        return {name: skipped for name, skipped in LightningCLI.subcommands().items() if name in ("fit", "validate")}

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Add our options, and the links from the model to the data."""
        parser.add_argument("--log", type=Literal["csv", "tensorboard", "wandb"], default="csv", help="kind of log")
        parser.add_argument("--ema", type=float, default=0.999, help="decay of the averaged weights; 0 for no average")
        for name in ("scale", "bands", "mtf_nyquist", "sensor"):
            parser.link_arguments(f"model.{name}", f"data.init_args.{name}", apply_on="instantiate")

    def parse_arguments(self, parser: LightningArgumentParser, args: ArgsType) -> None:
        """Parse the request, and check the checkpoint that it resumes before Lightning reads it.

        Raises:
            InputError: the checkpoint does not exist, or is cut off; or a configuration is no YAML in UTF-8.
        """
        try:
            super().parse_arguments(parser, args)
        except (UnicodeError, RecursionError) as error:
            raise InputError(f"A configuration is no YAML ({error}); expected a text in UTF-8. Correct it.") from None
        if "subcommand" in self.config:
            config = self.config[self.config.subcommand]
            require_checkpoint(config.get("ckpt_path"), Path(config.trainer.default_root_dir or _USUAL_ROOT))

    def before_instantiate_classes(self) -> None:
        """Check the request, and add the logger and the callbacks of every run, unless the request names its own.

        Raises:
            InputError: a request that cannot run.
        """
        if self.subcommand is None:  # `inspect`
            return
        config = self.config[self.subcommand]
        trainer = config.trainer
        if trainer.gradient_clip_val and issubclass(_class_of(config.model), GANModule):
            raise InputError("GANModule clips both networks itself: set model.gradient_clip, not gradient_clip_val.")
        if not 0 <= config.ema < 1:
            raise InputError(f"ema is {config.ema}; expected 0 (no average) or a decay below 1, for example 0.999.")
        trainer.precision = trainer.precision or default_precision(trainer.accelerator)
        if trainer.strategy == "auto" and several_devices(trainer.devices, trainer.num_nodes):
            # A GAN's networks take turns, and an uncertainty head has no part in the losses of the other stages.
            trainer.strategy = "ddp_find_unused_parameters_true"
        if config.log != "csv" and not find_spec(config.log):
            raise InputError(f"--log {config.log} needs the package {config.log}: pip install {config.log}.")
        root = Path(trainer.default_root_dir or _USUAL_ROOT)
        trainer.default_root_dir = str(root)
        if self.subcommand == "fit":
            written = [*outputs_of(root), *([root / "config.yaml"] if trainer.logger is False else [])]
            require_unread(written, inputs_of(config, root))
        trainer.logger = with_csv(trainer.logger, config.log, root)
        trainer.callbacks = with_defaults(trainer.callbacks, root, config.ema)


def outputs_of(root: Path) -> list[Path]:
    """Return the files below a run's folder that a new run there would replace; checkpoints are there to be resumed."""
    models = [path for name in ("model", "model_best") for path in (root / name).glob("*.*")]
    return [*models, *(root / "figures").glob("*.png"), root / "report.md", root / "curves.png"]


def inputs_of(config: Namespace, root: Path) -> list[Path]:
    """Return the paths that a request names as data or as the model to start from, and its configuration files.

    Args:
        config: the request.
        root: folder of the run. A folder of data around it is left out: only the run itself is inside.
    """
    start = config.model.get("init_args", {}).get("init_from")
    named = _texts(vars(config.data.get("init_args", Namespace())))  # type: ignore[no-untyped-call]
    data = [Path(text) for text in named if os.path.exists(text)]
    around = {root.resolve(), *root.resolve().parents} - {root.resolve()}
    files = [Path(os.fspath(each)) for each in config.get("config") or [] if each is not None]
    read = [*(local_files(start) if start else []), *files]
    return [*read, *(path for path in data if path.resolve() not in around)]


def _texts(value: object) -> list[str]:
    """Return all texts in a value, in its lists and in its tables."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [text for each in inner for text in _texts(each)]


def with_csv(
    requested: list[Namespace] | Namespace | bool | None, log: str, root: Path
) -> list[Namespace] | Literal[False]:
    """Return the loggers of a run: the requested ones, and a CSV log, from which the report draws its curves.

    Args:
        requested: loggers that the request names; False for none; None for those of `log`.
        log: kind of log of a request that names no logger: csv, tensorboard or wandb.
        root: folder of the run.
    """
    if requested is False:
        return False
    csv = _made(_LOGGERS["csv"], save_dir=str(root), name="log")
    if requested is None or requested is True:
        name = root.resolve().name if log == "wandb" else log  # W&B shows it as the name of the run, in its own folder
        return [csv, *([_made(_LOGGERS[log], save_dir=str(root), name=name)] if log != "csv" else [])]
    given = requested if isinstance(requested, list) else [requested] if isinstance(requested, Namespace) else []
    return given if any(issubclass(_class_of(each), CSVLogger) for each in given) else [csv, *given]


def with_defaults(requested: list[Namespace] | Namespace | None, root: Path, ema: float) -> list[Namespace]:
    """Return the callbacks of a run: those of every run, and the requested ones, which replace those of their class.

    Args:
        requested: callbacks that the request names.
        root: folder of the run.
        ema: decay of the averaged weights; 0 for no average.
    """
    given = requested if isinstance(requested, list) else [requested] if requested else []
    kinds = [_class_of(callback) for callback in given]
    options: dict[type[Any], dict[str, Any]] = {
        # Once per epoch, because in manual optimisation ModelCheckpoint ignores its time interval.
        ModelCheckpoint: {
            "dirpath": str(root / "checkpoints"),
            "every_n_epochs": 1,
            "save_on_train_epoch_end": True,
            "save_last": True,
            "enable_version_counter": False,  # a run in the same folder replaces last.ckpt
        },
        CheckPairs: {},
        FitNormalisation: {},
        SaveModel: {"folder": str(root / "model")},
        Figures: {"folder": str(root / "figures")},
        Report: {"folder": str(root)},
        HowToGoOn: {},
    }
    own = [
        _made(f"{kind.__module__}.{kind.__name__}", **arguments)
        for kind, arguments in options.items()
        if not any(issubclass(each, kind) for each in kinds)
    ]
    averages = any(issubclass(each, WeightAveraging) for each in kinds)
    last = [_made(f"{Averaging.__module__}.Averaging", decay=ema)] if ema and not averages else []
    return [*own, *given, *last]  # SaveModel must come before the averaging


def default_precision(accelerator: str) -> str:
    """Return bf16 where the hardware is faster in it, else fp32."""
    device = "cpu" if accelerator == "cpu" else default_device()
    return "bf16-mixed" if faster_in_bf16(device) else "32-true"


def several_devices(devices: object, nodes: int) -> bool:
    """Return whether a run has several processes.

    Args:
        devices: `trainer.devices`: a number, a list of devices, or "auto", which takes all GPUs and one CPU.
        nodes: number of machines.
    """
    if devices in ("auto", -1, "-1"):
        return nodes > 1 or torch.cuda.device_count() > 1
    listed = devices if isinstance(devices, list) else [part for part in str(devices).split(",") if part.strip()]
    alone = len(listed) == 1 and (isinstance(devices, list) or "," in str(devices) or int(str(devices)) == 1)
    return nodes > 1 or not alone


def _made(class_path: str, **options: Any) -> Namespace:  # noqa: ANN401
    return Namespace(class_path=class_path, init_args=Namespace(**options))  # type: ignore[no-untyped-call]


def _class_of(requested: Namespace) -> type[Any]:
    kind: Any = pydoc.locate(requested.class_path)  # the parser has checked that the class exists
    return kind  # type: ignore[no-any-return]


def run(arguments: Sequence[str]) -> None:
    """Run a command line of Lightning."""
    _cli(arguments)


def inspect(arguments: Sequence[str]) -> None:
    """Run `python -m train inspect`: compare LR with HR of the pairs of a configuration, and print what lies between.

    Raises:
        InputError: the data has no pairs, or pairs that do not belong together.
    """
    cli = _cli(arguments, run=False)
    data = cli.datamodule
    data.setup("fit")
    found = data.comparison() if isinstance(data, SRDataModule) else None
    if found is None:
        raise InputError(f"{type(data).__name__} has no pairs to compare; expected LR and HR from files, and compare.")
    sys.stdout.write("\n".join(found.lines()) + "\n")


def _cli(arguments: Sequence[str], **options: Any) -> TrainCLI:  # noqa: ANN401
    reports = {"exit_on_error": False}
    commands = dict.fromkeys(TrainCLI.subcommands(), reports) if options.get("run", True) else {}
    return TrainCLI(
        args=list(arguments),
        save_config_kwargs={"overwrite": True},
        parser_kwargs={"prog": "python -m train", "description": _DESCRIPTION, **reports, **commands},
        subclass_mode_model=True,
        subclass_mode_data=True,
        trainer_defaults={
            "reload_dataloaders_every_n_epochs": 1,  # every epoch has its own crops
            "precision": None,  # see `default_precision`
            "log_every_n_steps": 50,
            "enable_model_summary": False,
            "num_sanity_val_steps": -1,  # the figures of the start, see `SRModule`
        },
        **options,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        exit code: 0 done, 2 the request is wrong, 1 any other error, 130 stopped by Ctrl-C, 128 + N stopped by signal
        N. Values that are not finite and a full disk are errors of one line.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    torch.set_num_threads(default_threads())
    _set_up()
    try:
        if arguments[:1] == ["inspect"]:
            inspect(arguments[1:])
        elif arguments[:1] == ["finetune"]:
            finetune.main(arguments[1:], run)
        elif arguments[:1] == ["convert"]:
            convert.main(arguments[1:])
        elif arguments[:1] == ["average"]:
            average.main(arguments[1:])
        elif arguments[:1] == ["reproduce"]:
            reproduce.main(arguments[1:], run)
        elif chosen_help.wants_help(arguments):
            chosen_help.show(arguments, run)
        else:
            run(arguments)
    except (KeyboardInterrupt, SystemExit) as end:
        code = exit_code(end)
        if code is None:
            raise
        if isinstance(end, KeyboardInterrupt):  # before the run began
            sys.stderr.write("train: stopped.\n")
        return code
    except Exception as error:
        cause = _cause(error)
        if cause is None:
            raise
        sys.stderr.write(f"train: {in_training(str(cause))}\n")
        return 2 if isinstance(cause, InputError) else 1
    return 0


def _set_up() -> None:
    """Set up the process: signals, and which messages people see."""
    catch_signals()
    logging.basicConfig(format="%(message)s")
    first = os.environ.get("LOCAL_RANK", "0") == "0"  # all processes of a run would say the same
    for package in ("train", "rs_srgan"):
        logging.getLogger(package).setLevel(logging.INFO if first else logging.ERROR)
    for each in (OncePerRun(), InTraining()):
        logging.getLogger().handlers[0].addFilter(each)
    logging.getLogger("lightning.pytorch.utilities.rank_zero").addFilter(lambda record: "litlogger" not in record.msg)
    # Lightning repeats the command line if there is one, and advises another interval of the log in every epoch.
    warnings.filterwarnings("ignore", message="LightningCLI's args parameter")
    warnings.filterwarnings("ignore", message=".*smaller than the logging interval")
    # Runs go on in their own folder, and a copied folder as well.
    warnings.filterwarnings("ignore", message="Checkpoint directory .* exists and is not empty")
    warnings.filterwarnings("ignore", message="The dirpath has changed from")
    # Lightning does not know that the figures of a validation are those of all processes already.
    warnings.filterwarnings("ignore", message="It is recommended to use .self.log.*sync_dist=True")
    # Lightning warns in every run of a renamed class in a dependency, and of an order of steps that it sets itself.
    warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
    warnings.filterwarnings("ignore", message=".*lr_scheduler.step.*before .*optimizer.step.*")


class OncePerRun(logging.Filter):
    """Filter that shows each warning about files once in a run, because every crop reads files."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a message is shown."""
        if not record.name.startswith("rs_srgan.reading"):
            return True
        new = str(record.msg) not in self._seen
        self._seen.add(str(record.msg))
        return new


def _cause(error: BaseException) -> Exception | None:
    """Return the error to report in one line, if there is one: jsonargparse wraps the errors of constructors."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, InputError | FloatingPointError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, InputError | FloatingPointError):
        return cause
    if isinstance(error, ArgumentError):
        return InputError(one_line(str(error)))
    return unwritten(error)
