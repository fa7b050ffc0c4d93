"""A model's card, README.md: the template, filled from the files of the model's folder."""

from pathlib import Path
from string import Template

from rs_srgan.evaluation.report.tables import wrapped
from rs_srgan.figures.metrics import METRICS_FILE, Metrics, read_metrics
from rs_srgan.hub.names import bundle, is_local
from rs_srgan.models import SISRConfig
from rs_srgan.models.catalogue import read_model_config
from rs_srgan.publishing.about import About, read_about
from rs_srgan.publishing.card_figures import figures
from rs_srgan.publishing.card_metadata import metadata
from rs_srgan.publishing.card_tracks import track_figures
from rs_srgan.publishing.card_usage import usage
from rs_srgan.publishing.training_file import TrainingRecord, read_training

CARD_FILE, TEMPLATE_FILE = "README.md", "template.md"
PICTURES_FOLDER = "pictures"
PICTURE_SUFFIXES = (".png", ".jpg")

_NOT_STATED = "The makers of the model do not say."
_PICTURES = (
    "A fixed rule chose the images: some at random, then the best and the worst by the gain over the baseline. The "
    "upper row shows LR, bicubic, SR and HR. The lower row shows what the added detail is, the errors of bicubic and "
    "SR, and figures."
)


def write_card(folder: Path) -> Path:
    """Write README.md of a model's folder, and return its path.

    Args:
        folder: a folder with config.json; metrics.json, training.json, about.toml and pictures/ are used if present.

    Raises:
        InputError: the folder has no model, or one of the files does not hold what it should.
    """
    path = folder / CARD_FILE
    path.write_text(render(folder), encoding="utf-8")
    return path


def render(folder: Path) -> str:
    """Return the text of a card; see `write_card`.

    Raises:
        InputError: see `write_card`.
    """
    config, about, training = read_model_config(folder), read_about(folder), read_training(folder)
    path = folder / METRICS_FILE
    metrics = read_metrics(path) if path.is_file() else None
    name = about.name or folder.resolve().name
    template = Template((bundle() / TEMPLATE_FILE).read_text(encoding="utf-8"))
    return template.substitute(
        metadata=metadata(name, config, metrics, about.license, _base_model(about, training, config)),
        name=name,
        summary=about.summary or _summary(config),
        usage=usage(name, config),
        figures=_figures(metrics, config, folder),
        training=_training(about, training),
        data=about.data or _NOT_STATED,
        limits=about.limits or _NOT_STATED,
        finetuning=_finetuning(name, config),
    )


def _base_model(about: About, training: TrainingRecord, config: SISRConfig) -> str:
    """Return the model that training started from; empty unless it has a name that others can load."""
    start = about.base_model or training.init_from or config.base_model
    return "" if is_local(start) else start


def _summary(config: SISRConfig) -> str:
    several = " from several revisits" if config.several else ""
    return f"{', '.join(config.bands)} with {config.scale} times the pixels along each axis{several}."


def _figures(metrics: Metrics | None, config: SISRConfig, folder: Path) -> str:
    parts = []
    if metrics is not None and metrics.groups:
        parts.append(figures(metrics, config.bands))
    if metrics is not None and metrics.tracks:
        parts.append(track_figures(metrics.tracks))
    if pictures := sorted(path for path in (folder / PICTURES_FOLDER).glob("*") if path.suffix in PICTURE_SUFFIXES):
        parts += ["### Pictures", wrapped(_PICTURES)]
        parts += [f"![{path.stem}]({PICTURES_FOLDER}/{path.name})" for path in pictures]
    return "\n\n".join(parts) or "Nothing was measured."


def _finetuning(name: str, config: SISRConfig) -> str:
    if config.generator == "none":
        return wrapped(
            f"There are no weights to train. To train a network that adds to {name}, set `adds_to: {config.adds_to}` in "
            "`config` of a training configuration."
        )
    command = f"python -m train fit --config train/configs/finetune.yaml --model.init_from {name} --data.root FOLDER"
    return f"To continue training from these weights on your own images:\n\n```sh\n{command}\n```"


def _training(about: About, training: TrainingRecord) -> str:
    sentence = training.sentence()
    return "\n\n".join([about.training or _NOT_STATED, *([wrapped(sentence)] if sentence else [])])
