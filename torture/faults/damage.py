"""Damage: what earlier runs left is corrupt, the note of a stopped run and the converted model of OpenVINO."""

import os
import random
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from torture.faults.attempts import try_all
from torture.faults.cases import Case, Cases
from torture.row import Row


def damage_leftovers(cases: Cases, seed: int, quick: bool) -> list[Row]:
    """Damage notes and cached models at random; the pixels stay right."""
    chosen = [cases.image] * (1 if quick else 20)
    rows = [
        try_all(
            "a corrupt note of a stopped run", seed, chosen, partial(_damage_note, cases), until=cases.until.share(0.5)
        )
    ]
    if not quick:
        attempt = partial(_damage_graphs, cases)
        subject = "a corrupt cached model of OpenVINO"
        rows.append(try_all(subject, seed, [cases.image] * 5, attempt, at_once=1, until=cases.until))
    return rows


def _damage_note(cases: Cases, number: int, chance: random.Random, case: Case) -> str:
    folder = cases.attempt(f"note {number}")
    note = folder / f"{case.names[0]}.partial.json"
    running = case.start(folder)
    while not note.exists() and not running.wait(0.002):
        pass
    running.wait(chance.uniform(0, case.seconds / 2))
    running.send(signal.SIGKILL)
    running.end()
    if note.exists():
        damaged(note, chance)
    if not all((folder / name).exists() for name in case.names):
        return case.fault_of(folder) or case.fault_after_resuming(folder)
    return case.fault_of(folder)


def damaged(file: Path, chance: random.Random) -> None:
    """Damage a file in one of four ways: a flipped bit, another digit, a lost end, zeros."""
    content = bytearray(file.read_bytes())
    way, at = chance.randrange(4), chance.randrange(len(content))
    digits = [place for place, byte in enumerate(content) if chr(byte).isdigit()]
    if way == 0:
        content[at] ^= 1 << chance.randrange(8)
    elif way == 1 and digits:
        place = chance.choice(digits)
        content[place] = ord("0") + (content[place] - ord("0") + chance.randint(1, 9)) % 10
    elif way == 2:
        del content[at:]
    else:
        content[at:] = bytes(len(content) - at)
    file.write_bytes(content)


def _damage_graphs(cases: Cases, number: int, chance: random.Random, case: Case) -> str:
    """Predict with OpenVINO, damage one file of its cache, and predict again."""
    cache = cases.folder / "openvino"
    given = tuple({"torch": "openvino"}.get(word, word) for word in case.given)
    own = replace(case, given=given, whole=cases.folder / "openvino_whole")
    environment = os.environ | {"HF_ASSETS_CACHE": str(cache)}
    if not own.whole.exists():
        own.whole.mkdir()
        if code := subprocess.run(
            _command(own, own.whole), env=environment, capture_output=True, check=False
        ).returncode:
            return f"OpenVINO ended with {code}"
    folder = cases.attempt(f"graphs {number}")
    file = chance.choice(sorted(path for path in cache.rglob("*") if path.is_file()))
    damaged(file, chance)
    ended = subprocess.run(_command(own, folder), env=environment, capture_output=True, check=False, text=True)
    if ended.returncode != 0:
        return f"{file.name}: exit code {ended.returncode}: {ended.stderr.strip()[-300:]}"
    return own.fault_at_end(folder)


def _command(case: Case, folder: Path) -> list[str]:
    return [sys.executable, "-m", "rs_srgan", *case.arguments(folder)]
