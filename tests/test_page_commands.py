"""Commands in README, guides, cards and scripts of pages: programs, options, files, targets and extras exist."""

import inspect
import re
import shlex
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from app.__main__ import make_parser as app_parser
from rs_srgan.cli.main import full_parser
from scripts.command_reference import options_of, subcommands

ROOT = Path(__file__).parents[1]
PAGES = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("hub_cards/*.md"),
    *ROOT.glob("hub_cards/*/README.md"),
    ROOT / "app" / "README.md",
]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"].keys()
TARGETS = set(re.findall(r"^([\w./]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
COMMANDS = subcommands(full_parser())
# Commands of train that are no stage of Lightning's own command line, and those that are.
TRAIN = {"fit", "validate", "finetune", "inspect", "convert", "average", "reproduce"}


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)


def commands(page: Path) -> list[str]:
    """Return the commands of a page: the lines of its shell blocks, continued lines joined, and code in the text."""
    text = re.sub(r"^```\w*\n.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    inline = [code.strip() for code in re.findall(r"`([^`]+)`", text)]
    lines = [line for block in blocks(page, "sh") for line in block.replace("\\\n", " ").splitlines()]
    return [*lines, *(" ".join(code.split()) for code in inline if re.match(r"(rs-srgan|python -m|make|pip) ", code))]


def words_of(line: str) -> list[str]:
    """Return the words of a command, without assignments, prompts, brackets of optional parts and what follows it."""
    line = re.split(r"\s#\s|\s#$|&&|;|\|(?=\s*\w+$)|\s[12]?>{1,2}\s?", line)[0].replace("[--", "--").replace("] ", " ")
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    while words and (re.fullmatch(r"[A-Z_]+=.*", words[0]) or words[0] in ("exec", "nice", "sudo")):
        words = words[1:]
    return words


def faults(words: list[str]) -> list[str]:
    """Return what does not exist of what a command names."""
    program = words[0].removeprefix(".venv/bin/")
    if program == "rs-srgan":
        return _unknown_options(words[1:])
    if program == "rs-srgan-app" or words[:3] == ["python", "-m", "app"]:
        return _missing(words[1:] if program == "rs-srgan-app" else words[3:], options_of(app_parser()))
    if program == "rs-srgan-train" or words[:3] == ["python", "-m", "train"]:
        rest = words[1:] if program == "rs-srgan-train" else words[3:]
        found = [word for word in rest[:1] if re.fullmatch(r"[a-z]+", word) and word not in TRAIN]
        return found + [word for word in rest if re.match(r"train/configs/[a-z]", word) and not (ROOT / word).exists()]
    if program == "python" and words[1:2] == ["-m"] and words[2].split(".")[0] in ("benchmarks", "scripts", "torture"):
        return [] if find_spec(words[2]) else [words[2]]
    if program == "make":
        return [word for word in words[1:] if "=" not in word and word not in TARGETS]
    if program == "pip":
        extras = re.findall(r"(?:rs_srgan[\w.-]*|\.)\[([\w,]+)\]", " ".join(words))
        return [extra for group in extras for extra in group.split(",") if extra not in EXTRAS]
    return []


def _unknown_options(words: list[str]) -> list[str]:
    if not words or words[0].startswith("-"):
        return _missing(words, options_of(full_parser()))
    if words[0] not in COMMANDS:
        return words[:1] if re.fullmatch(r"[a-z]+", words[0]) else []
    return _missing(words[1:], options_of(COMMANDS[words[0]]))


def _missing(words: list[str], known) -> list[str]:
    options = [word.split("=")[0].rstrip("].,") for word in words if re.match(r"--?[a-zA-Z]", word)]
    return [option for option in options if option not in known]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_name_what_exists(page):
    wrong = {line: missing for line in commands(page) if (words := words_of(line)) and (missing := faults(words))}
    assert wrong == {}


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("rs-srgan predict a.tif -o b.tif --uncertanty u.tif", ["--uncertanty"]),
        ("rs-srgan predic a.tif", ["predic"]),
        ("RS_SRGAN_DATA=... python -m benchmarks.nothing", ["benchmarks.nothing"]),
        ("make demonstration PORT=1", ["demonstration"]),
        ('pip install "rs_srgan[cpu,nothing]"', ["nothing"]),
        ("python -m train fit --config train/configs/nothing.yaml", ["train/configs/nothing.yaml"]),
        ("rs-srgan push FOLDER ORG/NAME [--private] [--revision R | --pull-request]", []),
    ],
)
def test_what_does_not_exist_is_found(line, wrong):
    assert faults(words_of(line)) == wrong


def test_blocks_of_yaml_name_classes_and_their_arguments():
    seen = 0
    for page in PAGES:
        for block in blocks(page, "yaml"):
            content = yaml.safe_load(block)
            assert isinstance(content, dict), page
            for part in content.values():
                if isinstance(part, dict) and "class_path" in part:
                    module, _, name = part["class_path"].rpartition(".")
                    parameters = inspect.signature(getattr(import_module(module), name)).parameters
                    open_ended = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values())
                    assert open_ended or set(part["init_args"]) <= parameters.keys(), page
                    seen += 1
    assert seen
