"""The tab for several images of one place."""

import dataclasses
import re
import shutil
from pathlib import Path

import gradio as gr

from app.jobs.models import Models
from app.jobs.queue import Job, Jobs
from app.jobs.request import MAX_VIEWS, Request, make_revisits_request
from app.jobs.sample import write_sample_revisits
from app.jobs.uploads import CLEARED, check_suffix, link
from app.pages.forms import AS_TAGGED, OFFSETS, describe_model, empty, job_html, refusal
from app.pages.upload_field import upload_field
from rs_srgan import InputError
from rs_srgan.hub.names import REVISITS_MODEL
from rs_srgan.reading.opening import SUFFIXES

_NOTHING = (
    "Several images of one place",
    "Upload them, in any order, or start without: then four views simulated from the sample stand in, at 20 m.",
)
# Also as Sentinel-2 names it within a product: T33TWL_20230810T100031_SCL_20m.jp2
_MASK = re.compile(r"(.+)[_-](?:scl|mask)(?:[_-]\d+m)?", re.IGNORECASE)
SAMPLE_TITLE = "four simulated views"


def revisits_tab(jobs: Jobs, models: Models) -> gr.HTML:
    """Build it, in an open `gr.Tabs`; the place where results are shown."""
    with gr.Tab("Revisits", id="revisits"), gr.Row():
        with gr.Column(scale=2, min_width=290):
            files = upload_field(
                "Images of one place", file_types=list(SUFFIXES), file_count="multiple", elem_id="views", height=170
            )
            gr.Markdown(
                "GeoTIFF, JP2 or NPY with red, green, blue, near infrared; their grids may differ. The result shows "
                "the clearest of them. Clouds are known by a scene classification: bring that of `A_rgbn.tif` as "
                "`A_scl.tif`, or as `A_mask.tif` a mask that is 0 where nothing is to be seen."
            )
            model = gr.Dropdown(models.names_of_several(), value=REVISITS_MODEL, label="Model")
            about = gr.Markdown(describe_model(models, REVISITS_MODEL), elem_classes="sr-estimate")
            offset = gr.Dropdown(list(OFFSETS), value=AS_TAGGED, label="Offset of the DN")
            start = gr.Button("Super-resolve", variant="primary", elem_id="start-revisits")
        with gr.Column(scale=5, min_width=320, elem_classes="sr-result"):
            result = gr.HTML(empty(*_NOTHING), elem_id="revisits-result")

    def submit(files: list[str] | None, model: str, offset: str) -> str:
        try:
            request = make_revisits_request(models, model, OFFSETS[offset])
            return job_html(submit_views(jobs, files or [], request).id)
        except InputError as error:
            return refusal(error)

    model.change(lambda name: describe_model(models, name), model, about, api_visibility="private")
    start.click(submit, [files, model, offset], result, api_visibility="private", concurrency_limit=8)
    return result


def submit_views(jobs: Jobs, files: list[str], request: Request) -> Job:
    """A job for uploaded views; for the sample's where there are none.

    Raises:
        InputError: they cannot be used.
    """
    of_masks = [file for file in files if _masked_name(file) is not None]
    images = [file for file in files if file not in of_masks]
    if of_masks and not images:
        raise InputError("By their names those are masks. Add the images that they are of.")
    if len(images) == 1:
        raise InputError("That is one image. Several are wanted here; for one there is the tab Patch.")
    if len(images) > MAX_VIEWS:
        raise InputError(f"Those are {len(images)} images; at most {MAX_VIEWS} are taken.")
    owners = [_owner(mask, images) for mask in of_masks]
    for owner in owners:
        if owners.count(owner) > 1:
            both = " and ".join(Path(mask).name for mask, of in zip(of_masks, owners, strict=True) if of == owner)
            raise InputError(f"{Path(images[owner]).name} has two masks, {both}; expected one.")
    name, folder = jobs.new_folder()
    masks: dict[int, Path] = {}
    try:
        if not files:
            sources, title = write_sample_revisits(folder), SAMPLE_TITLE
        else:
            sources = [_keep(Path(file), folder / f"{number}") for number, file in enumerate(images)]
            title = f"{len(images)} views of {sources[0].stem}"
            for mask, owner in zip(of_masks, owners, strict=True):
                masks[owner] = _keep(Path(mask), folder / f"mask{owner}")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    asked = dataclasses.replace(
        request,
        source=sources[0],
        others=tuple(sources[1:]),
        masks=tuple(masks.get(number) for number in range(len(sources))) if masks else (),
    )
    return jobs.submit(asked, title, (name, folder))


def _masked_name(file: str) -> str | None:
    """How the name of the image begins that a mask is of; None of what is no mask."""
    found = _MASK.fullmatch(Path(file).stem)
    return found[1].casefold() if found else None


def _owner(mask: str, images: list[str]) -> int:
    """Index of the image that a mask is of: whose name is the mask's beginning, else the one that begins with it."""
    begins, names = str(_masked_name(mask)), [Path(image).name.casefold() for image in images]
    owners = [index for index, name in enumerate(names) if begins in (name, Path(name).stem)]
    # scene1_scl is not of scene10
    owners = owners or [
        index for index, name in enumerate(names) if name.startswith(begins) and not name[len(begins)].isalnum()
    ]
    if not owners:
        raise InputError(f"{Path(mask).name} is of none of the images. Name it A_scl.tif if its image is A.tif.")
    if len(owners) > 1:
        candidates = " and ".join(Path(images[owner]).name for owner in owners)
        raise InputError(
            f"{Path(mask).name} could be of {candidates}. Name it {Path(images[owners[0]]).stem}_scl.tif for the first."
        )
    return owners[0]


def _keep(upload: Path, folder: Path) -> Path:
    """An upload, in a folder of its own: two may have one name."""
    check_suffix(upload)
    folder.mkdir()
    try:
        link(upload, folder / upload.name)
    except OSError:
        raise InputError(CLEARED) from None
    return folder / upload.name
