"""A model in a few words: for `repr`, and as a table for notebooks."""

import html
from collections.abc import Mapping
from pathlib import Path

from torch import nn

from rs_srgan.errors import InputError
from rs_srgan.figures.accuracy import Accuracy, accuracy_of
from rs_srgan.figures.metrics import METRICS_FILE, read_metrics
from rs_srgan.models.config import SISRConfig


def facts_of(model: nn.Module, config: SISRConfig) -> dict[str, str]:
    """Return what a reader wants to know first of a model, by name.

    Args:
        model: the model.
        config: its configuration.
    """
    guide = {"guide_bands": " ".join(config.guide_bands)} if config.guide_bands else {}
    weights = list(model.parameters())
    dtype = {str(each.dtype).removeprefix("torch.") for each in weights}
    return {
        "bands": " ".join(config.bands),
        **guide,
        "scale": f"x{config.scale}",
        "images": "several revisits" if config.several else "one",
        "parameters": f"{sum(each.numel() for each in weights):,}",
        "dtype": ", ".join(sorted(dtype)) or "none",
        "device": str(weights[0].device) if weights else "none",
    }


def one_line(kind: str, name: str, facts: Mapping[str, str]) -> str:
    """Write facts in one line.

    Args:
        kind: name of the model's class.
        name: name of the model.
        facts: values by name.
    """
    return f"{kind}({name!r}, {', '.join(f'{key}: {value}' for key, value in facts.items())})"


def as_table(kind: str, name: str, facts: Mapping[str, str], accuracy: Accuracy | None) -> str:
    """Write facts as a table, HTML.

    Args:
        kind: name of the model's class.
        name: name of the model.
        facts: values by name.
        accuracy: the measured figures; None if there are none.
    """
    rows = dict(facts)
    if accuracy is not None:
        rows |= {
            "PSNR": f"{accuracy.model_db:.2f} dB, at unseen sites",
            "gain over bicubic": f"{accuracy.over_bicubic_db:+.2f} dB",
            f"gain over {accuracy.baseline}": f"{accuracy.gain_db:+.2f} dB",
        }
    cells = "".join(f"<tr><th>{html.escape(key)}</th><td>{html.escape(value)}</td></tr>" for key, value in rows.items())
    return f"<table><caption>{html.escape(kind)} {html.escape(name)}</caption>{cells}</table>"


def accuracy_in(folder: Path | None, fingerprint: str) -> Accuracy | None:
    """Return the figures of metrics.json in a folder; None if there are none of the weights with that fingerprint.

    Args:
        folder: the folder that a model was loaded from; None if it has none.
        fingerprint: fingerprint of the model.
    """
    path = None if folder is None else folder / METRICS_FILE
    if path is None or not path.is_file():
        return None
    try:
        metrics = read_metrics(path)
        return accuracy_of(metrics) if metrics.fingerprint == fingerprint else None
    except (InputError, KeyError):
        return None  # no reason to fail where a model is only shown
