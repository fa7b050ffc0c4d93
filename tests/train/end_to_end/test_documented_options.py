"""Tests that the parser of training accepts the commands and options that pages quote; nothing is trained."""

import re

import pytest

from tests.test_page_commands import ROOT, commands, words_of
from train.__main__ import main

FINETUNE = "train/configs/finetune.yaml"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# What stands for the placeholders of pages.
PLACEHOLDERS = {"F.yaml": FINETUNE, "CONFIG": FINETUNE, "N": "2", "D": "2"}
# Options that belong to training wherever a page quotes them, and those that other programs have as well.
OURS, SHARED = ("--data.", "--model.", "--trainer."), ("--ema", "--log", "--seed_everything", "--ckpt_path")
# Configurations that have all options that pages quote alone; the usual one is first.
CONFIGS = [FINETUNE, "train/configs/landsat_x2_rgbn.yaml", "train/configs/srgan_x4_rgbn.yaml"]
# Values of options that pages name without one.
VALUES = (["1"], ["name"])


def named(words: list[str]) -> tuple[str, ...]:
    """Return the names of options, and the configuration: requests that agree in these are parsed once."""
    names = [word.split("=")[0] for word in words if word.startswith("--")]
    return tuple(sorted({*names, *(word for word in words if word.endswith(".yaml"))}))


def requests() -> dict[str, list[str]]:
    """Return a request for each kind of quoted command, by the page and the command."""
    found: dict[tuple[str, ...], tuple[str, list[str]]] = {}
    for page in PAGES:
        for line in commands(page):
            words = words_of(line)
            if words[:3] != ["python", "-m", "train"] or "--help" in words:
                continue
            if words[3:4] in (["fit"], ["validate"], ["inspect"]):
                request = [PLACEHOLDERS.get(word, word) for word in words[4:]]
            elif words[3:4] == ["finetune"]:  # passes the options that it does not know on
                first = next((index for index, word in enumerate(words) if word.startswith(OURS)), len(words))
                request = ["--config", FINETUNE, *words[first:]]
            else:
                continue
            found.setdefault(named(request), (f"{page.name}: {' '.join(words[2:])}", request))
    return dict(found.values())


def options() -> dict[str, list[str]]:
    """Return the options of training that pages quote without a command, by the page and the option."""
    found: dict[tuple[str, ...], str] = {}
    for page in PAGES:
        text = re.sub(r"^```\w*\n.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        for code in re.findall(r"`(--[^`]+)`", text):
            words = words_of(code) or [""]
            ours = words[0].startswith(OURS) or (words[0] in SHARED and page.stem in ("training", "finetuning"))
            if ours and "..." not in code:
                found.setdefault(tuple(words), f"{page.name}: {' '.join(words)}")
    return {place: list(words) for words, place in found.items()}


def accepts(request: list[str], capfd) -> bool:
    """Return whether the parser accepts a request, which it then prints."""
    try:
        code = main(["fit", *request, "--print_config"])
    except SystemExit as end:
        code = end.code
    capfd.readouterr()
    return code == 0


REQUESTS, OPTIONS = requests(), options()


@pytest.mark.parametrize("command", REQUESTS)
def test_a_quoted_command_is_accepted(command, capfd):
    assert accepts(REQUESTS[command], capfd)


@pytest.mark.parametrize("option", OPTIONS)
def test_a_quoted_option_is_accepted(option, capfd):
    words = OPTIONS[option]
    requests = [words] if len(words) > 1 or "=" in words[0] else [[*words, *value] for value in VALUES]
    assert any(accepts(["--config", config, *each], capfd) for config in CONFIGS for each in requests)


def test_an_option_that_does_not_exist_is_found(capfd):
    assert len(REQUESTS) > 10 and len(OPTIONS) > 15
    assert not accepts(["--config", FINETUNE, "--data.algin=true"], capfd)
