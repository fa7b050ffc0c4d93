"""Jobs for uploaded images: what tabs, endpoints and tests call."""

import dataclasses
from collections.abc import Collection, Sequence
from pathlib import Path

from app.jobs.files import is_reserved
from app.jobs.masks import match_masks
from app.jobs.queue import Job, Jobs
from app.jobs.request import MAX_VIEWS, Request
from app.jobs.sample import add_cloud, write_sample_revisits
from app.jobs.uploads import keep
from rs_srgan import InputError

SAMPLE_TITLE = "four simulated views"
# The simulated view that gets a cloud.
_CLOUDY = 2


def submit_image(jobs: Jobs, file: str | Path | None, request: Request) -> Job:
    """Put an uploaded image into the queue; return its job.

    Args:
        jobs: the queue.
        file: the upload, or None if there is none.
        request: the options; its source is replaced.

    Raises:
        InputError: there is no upload, or it cannot be used.
    """
    if not file:
        raise InputError("There is no image yet. Upload one, or use the sample.")
    upload = Path(file)
    own_name = f"upload{upload.suffix.lower()}" if is_reserved(upload.name) else upload.name
    with jobs.new_folder() as folder:
        source = keep(upload, folder / own_name)
        return jobs.submit(dataclasses.replace(request, source=source), upload.name, folder)


def submit_views(
    jobs: Jobs,
    files: Sequence[str | Path],
    request: Request,
    reference: str = "",
    left_out: Collection[str | Path] = (),
) -> Job:
    """Put several uploaded images of one place into the queue; return their job.

    Args:
        jobs: the queue.
        files: the images in any order, and masks of them, see `match_masks`. If there are none, views that are
            simulated from the sample are used.
        request: the options; its sources, masks and reference are replaced.
        reference: name of the image that the result shows; empty for the one that the others show most.
        left_out: those images among `files` that are not used, nor their masks.

    Raises:
        InputError: the images or masks cannot be used, or no image has the name of the reference.
    """
    images, masks = match_masks([Path(file) for file in files], {Path(file) for file in left_out})
    if files and not images:
        raise InputError("No image is chosen; expected two or more of one place. Choose the images to use.")
    if len(images) == 1:
        raise InputError("This is one image; expected several of one place. For one image use the tab Patch.")
    if len(images) > MAX_VIEWS:
        raise InputError(f"These are {len(images)} images; at most {MAX_VIEWS} are allowed.")
    with jobs.new_folder() as folder:
        if images:
            sources = [_keep_apart(image, folder / f"{number}") for number, image in enumerate(images)]
            title = f"{len(images)} images"
        else:
            sources, title = write_sample_revisits(folder), SAMPLE_TITLE
            masks = {_CLOUDY: add_cloud(sources[_CLOUDY])}
        kept = {owner: _keep_apart(mask, folder / f"mask{owner}") for owner, mask in masks.items()}
        asked = dataclasses.replace(
            request,
            source=sources[0],
            others=tuple(sources[1:]),
            masks=tuple(kept.get(number) for number in range(len(sources))) if kept else (),
            reference=_index_of(reference, sources),
        )
        return jobs.submit(asked, title, folder)


def _index_of(reference: str, sources: Sequence[Path]) -> int | None:
    """Return the index of the image with a name; None if the name is empty."""
    if not reference:
        return None
    names = [source.name for source in sources]
    if reference not in names:
        raise InputError(f"The reference is {reference!r:.120}; expected one of {', '.join(names)}.")
    return names.index(reference)


def _keep_apart(upload: Path, folder: Path) -> Path:
    """Keep an upload in a new folder, since two uploads may have one name; return its path."""
    folder.mkdir()
    return keep(upload, folder / upload.name)
