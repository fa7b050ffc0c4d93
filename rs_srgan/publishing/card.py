"""A model's card, README.md: the template, filled from the files of the model's folder."""

from collections.abc import Sequence
from pathlib import Path
from string import Template

from rs_srgan.errors import InputError
from rs_srgan.evaluation.report.tables import wrapped
from rs_srgan.figures.metrics import METRICS_FILE, Metrics, read_metrics
from rs_srgan.hub.names import bundle, is_local
from rs_srgan.models import SISRConfig
from rs_srgan.models.catalogue import read_model_config
from rs_srgan.publishing.about import About, read_about
from rs_srgan.publishing.card_figures import figures
from rs_srgan.publishing.card_metadata import metadata
from rs_srgan.publishing.card_parts import merged, with_record
from rs_srgan.publishing.card_tracks import track_figures
from rs_srgan.publishing.card_usage import usage
from rs_srgan.publishing.training_file import TrainingRecord, read_training
from rs_srgan.whole_files import whole_file

CARD_FILE, TEMPLATE_FILE = "README.md", "template.md"
PICTURES_FOLDER = "pictures"
PICTURE_SUFFIXES = (".png", ".jpg")

# Parts of a card, sections or keys of the metadata, that each text of about.toml decides.
PARTS_OF_TEXTS = {
    "license": ("license",),
    "base_model": ("base_model",),
    "training": ("## Training",),
    "data": ("## Data",),
    "limits": ("## Limits",),
}
_NOT_STATED = "The makers of the model do not say."
_PICTURES = (
    "A fixed rule chose the images: some at random, then the best and the worst by the gain over the baseline. The "
    "upper row shows LR, bicubic, SR and HR. The lower row shows what the added detail is, the errors of bicubic and "
    "SR, and figures."
)


def write_card(folder: Path) -> Path:
    """Write README.md of a model's folder, and return its path.

    Sections that people wrote or edited stay, see `merged`.

    Args:
        folder: a folder with config.json; metrics.json, training.json, about.toml and pictures/ are used if present.

    Raises:
        InputError: the folder has no model, or one of the files does not hold what it should.
    """
    with whole_file(folder / CARD_FILE) as fresh:
        fresh.write_text(updated_card(folder), encoding="utf-8")
    return folder / CARD_FILE


def updated_card(
    folder: Path,
    *,
    about: About | None = None,
    metrics: Metrics | None = None,
    pictures: Sequence[str] | None = None,
) -> str:
    """Return the text of a new card, with the sections of README.md that people wrote or edited.

    Args:
        folder: the model's folder.
        about: see `render`.
        metrics: see `render`.
        pictures: see `render`.

    Raises:
        InputError: see `write_card`.
    """
    path, card = folder / CARD_FILE, render(folder, about=about, metrics=metrics, pictures=pictures)
    return merged(read_card(path), card) if path.is_file() else card


def read_card(path: Path) -> str:
    """Read README.md.

    Raises:
        InputError: the file is not text in UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not text in UTF-8. Save it as UTF-8, or remove it.") from None


def render(
    folder: Path,
    *,
    about: About | None = None,
    metrics: Metrics | None = None,
    name: str | None = None,
    pictures: Sequence[str] | None = None,
) -> str:
    """Return the text of a new card; see `write_card`.

    Args:
        folder: the model's folder.
        about: the texts; None: those of about.toml.
        metrics: the figures; None: those of metrics.json, if it exists.
        name: the model's name; None: the one in the texts, or the folder's.
        pictures: paths of the pictures in the repository; None: those in the folder.

    Raises:
        InputError: see `write_card`.
    """
    config, training = read_model_config(folder), read_training(folder)
    about = read_about(folder) if about is None else about
    path = folder / METRICS_FILE
    if metrics is None and path.is_file():
        metrics = read_metrics(path)
    name = name or about.name or folder.resolve().name
    shown = _pictures_in(folder) if pictures is None else pictures
    template = Template((bundle() / TEMPLATE_FILE).read_text(encoding="utf-8"))
    card = template.substitute(
        metadata=metadata(
            name, config, metrics, about.license, _base_model(about, training, config), about.tags, shown
        ),
        name=name,
        summary=about.summary or _summary(config),
        usage=usage(name, config),
        figures=_figures(metrics, config, shown),
        training=_training(about, training),
        data=about.data or _NOT_STATED,
        limits=about.limits or _NOT_STATED,
        finetuning=_finetuning(name, config),
    )
    return with_record(card, metrics.fingerprint if metrics is not None else "")


def _base_model(about: About, training: TrainingRecord, config: SISRConfig) -> str:
    """Return the model that training started from; empty unless it has a name that others can load."""
    start = about.base_model or training.init_from or config.base_model
    return "" if is_local(start) else start


def _summary(config: SISRConfig) -> str:
    several = " from several revisits" if config.several else ""
    return f"{', '.join(config.bands)} with {config.scale} times the pixels along each axis{several}."


def _pictures_in(folder: Path) -> list[str]:
    paths = sorted(path for path in (folder / PICTURES_FOLDER).glob("*") if path.suffix in PICTURE_SUFFIXES)
    return [f"{PICTURES_FOLDER}/{path.name}" for path in paths]


def _figures(metrics: Metrics | None, config: SISRConfig, pictures: Sequence[str]) -> str:
    parts = []
    if metrics is not None and metrics.groups:
        parts.append(figures(metrics, config.bands))
    if metrics is not None and metrics.tracks:
        parts.append(track_figures(metrics.tracks))
    if pictures:
        parts += ["### Pictures", wrapped(_PICTURES)]
        parts += [f"![{Path(picture).stem}]({picture})" for picture in pictures]
    return "\n\n".join(parts) or "Nothing was measured."


def _finetuning(name: str, config: SISRConfig) -> str:
    if config.generator == "none":
        return wrapped(
            f"There are no weights to train. To train a network that adds to {name}, set `adds_to: {config.adds_to}` "
            "in `config` of a training configuration."
        )
    recipe = "sisr_x2_20m" if config.guide_bands else "finetune"
    command = f"python -m train fit --config train/configs/{recipe}.yaml --model.init_from {name} --data.root FOLDER"
    images = "your own images:"
    if config.several:
        command += " \\\n  --model train.misr.MISRModule --data.revisits 4"
    if config.guide_bands:
        command += " \\\n  --data.native_share 0 --data.interpolated true"
        images = (
            "your own images, put GeoTIFFs into `FOLDER/sentinel2`, each with all bands of the model and its guide on "
            "one 10 m grid, described by their names:"
        )
    return f"{wrapped(f'To continue training from these weights on {images}')}\n\n```sh\n{command}\n```"


def _training(about: About, training: TrainingRecord) -> str:
    sentence = training.sentence()
    return "\n\n".join([about.training or _NOT_STATED, *([wrapped(sentence)] if sentence else [])])
