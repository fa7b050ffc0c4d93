"""metrics.json: what evaluation reports say of a model, as its card shows it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rs_srgan.errors import InputError

REPORT_FILE = "report.json"


def summary(report: Mapping[str, Any], title: str) -> dict[str, Any]:
    """What a card tells of a report: the means, and of each site the figure that counts.

    Args:
        report: as `Report.to_json` gives it.
        title: of its images, for people.
    """
    figure = "sensor" if report["protocol"] == "real" else "psnr_db"
    return {
        "title": title,
        "protocol": report["protocol"],
        "mean": report["mean"],
        "sites": {
            site: {method: each.get(figure) for method, each in scores.items() if method != "hr"}
            for site, scores in report["sites"].items()
        },
    }


def gather(reports: list[Path], fingerprint: str) -> dict[str, Any]:
    """The content of metrics.json, of reports that `rs-srgan evaluate -o` wrote.

    Args:
        reports: their folders, or the report.json in them; a folder's name is the title of its figures.
        fingerprint: of the model, which has to be that of the reports.

    Raises:
        InputError: no report there, one that cannot be read, one of another model, or two of one name.
    """
    groups: dict[str, Any] = {}
    for given in reports:
        path = given / REPORT_FILE if given.is_dir() else given
        title = path.absolute().parent.name
        content = _read(path)
        if content["model"]["fingerprint"] != fingerprint:
            raise InputError(
                f"{path} is about other weights or another configuration, those of {content['model']['name']} on "
                f"{content['date']}. Evaluate the model as it is now."
            )
        if title in groups:
            raise InputError(f"Two reports lie in folders named {title}; expected names that say what was evaluated.")
        groups[title] = summary(content, title)
    return {"fingerprint": fingerprint, "groups": groups}


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"There is no report at {path}; expected a folder that `rs-srgan evaluate -o` wrote.")
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        _ = (content["model"]["name"], content["model"]["fingerprint"], content["date"], content["protocol"])
        _ = (content["mean"].items(), [scores.items() for scores in content["sites"].values()])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is no report of `rs-srgan evaluate` ({error!r}).") from None
    return content
