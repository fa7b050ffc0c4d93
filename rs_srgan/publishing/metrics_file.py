"""metrics.json of a model, made from the reports of its evaluations."""

from collections.abc import Sequence
from pathlib import Path

from rs_srgan.errors import InputError
from rs_srgan.figures.json_value import JsonValue
from rs_srgan.figures.metrics import PROTOCOLS, Group, Metrics
from rs_srgan.figures.scores import by_method

REPORT_FILE = "report.json"


def gather(reports: Sequence[Path], fingerprint: str) -> Metrics:
    """Collect the figures of reports that `rs-srgan evaluate -o` wrote.

    Args:
        reports: folders of reports, or their report.json; the name of a report's folder becomes the title of its
            figures.
        fingerprint: fingerprint of the model; all reports have to be about that model.

    Raises:
        InputError: a report does not exist, cannot be read or is about another model, or two reports have one name.
    """
    groups: dict[str, Group] = {}
    for given in reports:
        path = given / REPORT_FILE if given.is_dir() else given
        title = path.absolute().parent.name
        if not path.is_file():
            raise InputError(f"There is no report at {path}; expected a folder that `rs-srgan evaluate -o` wrote.")
        report = JsonValue.of_file(path)
        model = report["model"]
        if model["fingerprint"].text() != fingerprint:
            raise InputError(
                f"{path} is about other weights or another configuration: {model['name'].text()}, evaluated on "
                f"{report['date'].text()}. Evaluate the model as it is now."
            )
        if title in groups:
            raise InputError(f"Two reports lie in folders named {title}; expected names that say what was evaluated.")
        groups[title] = _group(report, title)
    return Metrics(fingerprint, groups)


def _group(report: JsonValue, title: str) -> Group:
    """Read the figures of a report.json.

    Raises:
        InputError: a key is missing, or a value is of another kind.
    """
    unseen = report.get("unseen")
    return Group.of_sites(
        title,
        PROTOCOLS[PROTOCOLS.index(report["protocol"].text(among=PROTOCOLS))],
        None if unseen is None else unseen.flag(),
        by_method(report["mean"]),
        {site: by_method(scores) for site, scores in report["sites"].items()},
    )
