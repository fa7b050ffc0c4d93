"""Average the weights of a model and of the model that it was fine-tuned from: python -m train average A B -o FOLDER.

A fine-tuned model forgets some of what its start knew. The weights between the two are often better than both, on new
places as well. Source: Wortsman et al. 2022. A share above 1 goes on beyond the fine-tuned model, away from its start.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.figures.json_value import JsonValue
from rs_srgan.hub.names import find_source
from rs_srgan.models.detail import interpolate
from rs_srgan.models.loading import named_model
from rs_srgan.publishing.training_file import TRAINING_FILE
from rs_srgan.whole_files import whole_files
from train.provenance import without_folders

LARGEST_SHARE = 1.25  # weights far beyond both models are those of no training


def main(arguments: Sequence[str]) -> None:
    """Run the command.

    Args:
        arguments: arguments of the command.

    Raises:
        InputError: a model that cannot be loaded, two architectures, or a share or folder that cannot be used.
    """
    parser = argparse.ArgumentParser(prog="python -m train average", description=__doc__)
    parser.add_argument("start", help="the model that the fine-tuning began with: a bundled name, folder or Hub id")
    parser.add_argument("tuned", help="the fine-tuned model; its uncertainty head is kept")
    share = f"share of the fine-tuned weights, 0 to {LARGEST_SHARE} (0.8)"
    parser.add_argument("--share", type=float, default=0.8, help=share)
    parser.add_argument("-o", "--output", metavar="FOLDER", type=Path, required=True, help="the folder to write")
    options = parser.parse_args(arguments)
    if options.output.exists():
        raise InputError(f"{options.output} exists already. Give another folder, or remove it.")
    if not 0 <= options.share <= LARGEST_SHARE:
        raise InputError(f"--share is {options.share}; expected a number from 0 to {LARGEST_SHARE}.")
    tuned = named_model(options.tuned)
    interpolate(tuned, named_model(options.start), options.share)
    record = _record(options.tuned)
    with whole_files(options.output) as fresh:
        tuned.save_pretrained(fresh)
        if record:
            record["averaged"] = {"start": without_folders(options.start), "share": options.share}
            (fresh / TRAINING_FILE).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    rest = f"{1 - options.share:.3g} of {options.start}"
    sys.stdout.write(f"{options.output}: {options.share:g} of {tuned.name}, {rest}.\n")


def _record(model: str) -> dict[str, object]:
    """Return training.json of a model without its validation, which is not that of the average; empty without one."""
    source, _ = find_source(model)
    path = source / TRAINING_FILE if isinstance(source, Path) else None
    if path is None or not path.is_file():
        return {}
    return _without_validation(JsonValue.of_file(path))


def _without_validation(record: JsonValue) -> dict[str, object]:
    """Return a record, and the records of earlier steps in it, without the figures of validation."""
    return {
        key: _without_validation(each) if isinstance(each.value, dict) else each.value
        for key, each in record.items()
        if not key.startswith("val/")
    }
