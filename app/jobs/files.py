"""The names of the files in the folder of a job."""

from pathlib import Path

LR_FILE = "lr.tif"
MEAN_FILE = "mean.tif"
VIEWS_FILE = "views.json"
ANSWERS_FOLDER = "answers"
_RESULT, _UNCERTAINTY = "sr", "uncertainty"


def result_name(index: int, uncertainty: bool = False) -> str:
    """Return the name of the result of a model, or of its uncertainty; `index` counts the models of the request."""
    return f"{_UNCERTAINTY if uncertainty else _RESULT}{index}.tif"


def thumbnail_name(number: int) -> str:
    """Return the name of the small picture of a view; `number` counts the views of the job."""
    return f"view{number}.png"


def is_reserved(name: str) -> bool:
    """Return whether the job itself could write a file of this name, so that an upload needs another one."""
    stems = (Path(LR_FILE).stem, Path(MEAN_FILE).stem, Path(VIEWS_FILE).stem)
    return name.lower().startswith((*(f"{stem}." for stem in stems), _RESULT, _UNCERTAINTY, ANSWERS_FOLDER))
