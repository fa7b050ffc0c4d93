"""`rs-srgan-app` and `rs-srgan-train`: the web app and training, from an installed wheel or a checkout.

Both are packages of their own, `app` and `train`. A wheel holds them in the folder `rs_srgan/programs`, because other
projects use these names for packages, too. The folder is on the path of imports only in the processes of the program.
"""

import os
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from rs_srgan.errors import require_extra

_PACKAGE = Path(__file__).parent.parent


def app() -> None:
    """Run `python -m app` with the words of the command line."""
    require_or_exit("rs-srgan-app", "Pages in the browser", ("gradio", "maplibre", "spyndex"), "app")
    _run("rs-srgan-app", "app", [programs()])


def train() -> None:
    """Run `python -m train` with the words of the command line; see `start_training`."""
    start_training("rs-srgan-train", sys.argv[1:])


def start_training(command: str, words: Sequence[str]) -> None:
    """Run `python -m train` with other words in this process, which ends it by SystemExit with the exit code.

    A name like train/configs/finetune.yaml is the configuration that rs_srgan brings, unless there is such a file. As
    with `python -m`, configurations may name classes of modules in the working folder.

    Args:
        command: the program, for messages.
        words: words behind `python -m train`.
    """
    require_or_exit(command, "Training runs", ("lightning", "jsonargparse", "matplotlib", "pandas"), "train")
    sys.argv[1:] = [with_own_configuration(word) for word in words]
    _run(command, "train", [programs(), Path.cwd()])


def programs() -> Path:
    """Return the folder with the packages `app` and `train`: inside a wheel, or the checkout."""
    inside = _PACKAGE / "programs"
    return inside if inside.is_dir() else _PACKAGE.parent


def with_own_configuration(word: str) -> str:
    """Return a word of the command line; the name of a configuration that rs_srgan brings becomes its path."""
    option, equals, name = word.rpartition("=")
    own = programs() / name
    if name.startswith("train/configs/") and not Path(name).exists() and own.is_file():
        return f"{option}{equals}{own}"
    return word


def require_or_exit(command: str, what: str, packages: tuple[str, ...], extra: str) -> None:
    """Exit with 2 and one line if a package is missing; see `require_extra`."""
    try:
        for package in packages:
            require_extra(package, what, extra)
    except ValueError as error:
        sys.stderr.write(f"{command}: {error}\n")
        sys.exit(2)


def _run(command: str, package: str, paths: list[Path]) -> None:
    """Run a package as this process, and make processes that it starts find it."""
    names = [str(path) for path in paths]
    sys.path[:0] = names
    os.environ["PYTHONPATH"] = os.pathsep.join([*names, *filter(None, [os.environ.get("PYTHONPATH")])])
    # else Python puts the working folder first, where another app.py or train.py may be
    os.environ["PYTHONSAFEPATH"] = "1"
    sys.argv[0] = command
    runpy.run_module(package, run_name="__main__", alter_sys=True)
