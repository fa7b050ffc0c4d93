"""Training YAML: keys, types, class paths, references, tags, and YAML itself. Parsed as `python -m train fit` does."""

import contextlib
import io
import os
from pathlib import Path
from random import Random

import torch  # noqa: F401  # its first import prints warnings of its own
import yaml

from benchmarks.report import ROOT
from rs_srgan.errors import InputError
from torture.fuzz.odd import TEXTS, changed_bytes, changed_tree
from torture.fuzz.reader import Wrong
from train.__main__ import main

_CONFIGS = ("sisr_x4_rgbn", "srgan_x4_rgbn", "misr_x4_rgbn", "finetune", "landsat_x2_rgbn")
_ODD_YAML = (
    "a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c, *c]\n",
    *("model: &m\n  class_path: *m\n", "!!python/object/apply:os.system ['true']\n", "\t- a\n", "? [a]\n: b\n"),
    *(
        "%YAML 9.9\n---\n",
        "---\n---\n",
        "model: !!binary aGk=\n",
        "<<: [a]\n",
        "a: [" * 1500,
        "seed_everything: 1e999\n",
    ),
)


# Levels of a text in place of a tree that is too deep to be written.
_DEEP = 3000


def as_yaml(tree: object) -> str:
    """Return a tree as YAML. It may hold texts of megabytes, halves of surrogate pairs, and thousands of levels.

    The dumper of C, where there is one, is fast, and refuses the second. No dumper writes the third: brackets do.
    """
    options = {"sort_keys": False, "allow_unicode": True}
    for dumper in (getattr(yaml, "CSafeDumper", yaml.SafeDumper), yaml.SafeDumper):
        try:
            return str(yaml.dump(tree, Dumper=dumper, **options))
        except UnicodeEncodeError:
            continue
        except RecursionError:
            break
    return "[" * _DEEP


class _Training:
    def __init__(self) -> None:
        folder = ROOT / "train" / "configs"
        self._whole = [(folder / f"{name}.yaml").read_text(encoding="utf-8") for name in _CONFIGS]

    def write(self, random: Random, folder: Path) -> Path:
        path, text = folder / "run.yaml", random.choice(self._whole)
        change = random.random()
        if change < 0.65:
            text = as_yaml(changed_tree(random, yaml.safe_load(text)))
        elif change < 0.75:
            text += random.choice(_ODD_YAML)
        elif change < 0.85:
            at = random.randrange(len(text))
            text = text[:at] + random.choice(TEXTS) + text[at:]
        encoding = random.choice(("utf-8",) * 8 + ("utf-16", "latin-1"))
        data = text.encode(encoding, "surrogatepass" if encoding == "utf-8" else "replace")
        path.write_bytes(changed_bytes(random, data) if change > 0.85 else data)
        return path

    def read(self, path: Path) -> None:
        """Parse the file as fit does, and print the result instead of training.

        Raises:
            InputError: it is refused, in one line.
            Wrong: the program ends otherwise than it documents.
        """
        said, before = io.StringIO(), Path.cwd()
        os.chdir(path.parent)
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
                code = self._run(["fit", "--config", path.name, "--print_config"])
        finally:
            os.chdir(before)
        words = said.getvalue().strip()
        if code == 2:
            if "\n" in words or "Traceback" in words:
                raise Wrong(f"not one line: {words[:150]!r}")
            raise InputError(words.removeprefix("train: "))
        if code != 0:
            raise Wrong(f"exit code {code}: {words[-150:]!r}")

    @staticmethod
    def _run(words: list[str]) -> int:
        try:
            return main(words)
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 0 if end.code is None else 1


def make_reader(workspace: Path) -> _Training:
    """Return the reader."""
    return _Training()
