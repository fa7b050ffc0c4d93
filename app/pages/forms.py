"""Parts of a form that several tabs have."""

import html
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from app.errors import for_people
from app.jobs.models import Models
from app.jobs.request import Request
from rs_srgan import InputError, MISRConfig
from rs_srgan.hub.names import DEFAULT_MODEL

AS_TAGGED = "As the file says"
OFFSETS = {AS_TAGGED: None, "-1000: untagged pixels since baseline 04.00": -1000.0}
NO_OTHER = "None"


@dataclass(frozen=True)
class JobTab:
    """A tab that makes jobs, as the rest of the page needs it.

    Attributes:
        model: the choice of the model.
        other: the choice of one to compare with.
        result: the place where results are shown.
    """

    model: gr.Dropdown
    other: gr.Dropdown
    result: gr.HTML


def job_html(job: str, remember: bool = True) -> str:
    """A job, and later its result; `remember`: the page's address is to lead to it."""
    return f'<sr-job data-id="{html.escape(job)}"{" data-remember" if remember else ""}></sr-job>'


def refusal(error: Exception) -> str:
    """What is wrong with a request, in place of the result."""
    return (
        '<div class="sr-card sr-error" role="alert"><h3>That did not work</h3>'
        f"<p>{html.escape(for_people(error))}</p></div>"
    )


def empty(title: str, text: str) -> str:
    """A place where nothing is yet."""
    return f'<div class="sr-card sr-empty"><h3>{html.escape(title)}</h3><p>{html.escape(text)}</p></div>'


def describe_model(models: Models, name: str) -> str:
    """A line on what to expect of a model."""
    config = models.config(name)
    start = f"{' '.join(config.bands)}, x{config.scale}. "
    if name not in models.bundled:
        return start + "From the Hugging Face Hub: read its card there for what it is good for."
    model = models.bundled[name]
    bicubic, projected, own = model.psnr_db()
    if base := config.base_model:
        return start + (
            f"Texture added to what {base} makes: sharper, and by {models.bundled[base].psnr_db()[-1] - own:.1f} dB "
            "farther from the truth. Not for measuring."
        )
    if isinstance(config, MISRConfig):
        return start + (
            f"With eight views, on sites it never saw {own - bicubic:.1f} dB above bicubic, {own - projected:.1f} "
            "above their shift-and-add. Views must be sampled elsewhere; copies add nothing."
        )
    return start + (
        f"On sites it never saw {own - bicubic:.1f} dB above bicubic, {own - projected:.1f} above back-projection. "
        "The finest detail is a plausible guess."
    )


class ModelControls:
    """Which model, which other to compare, and what of them.

    Args:
        models: that can be chosen.
        guided: with those that need a whole product.

    Attributes:
        model: the choice itself, which the tab Models adds to.
        other: the one to compare with.
        inputs: what `request` takes, in order.
    """

    def __init__(self, models: Models, guided: bool) -> None:
        self._models, names = models, models.names(guided)
        self.model = gr.Dropdown(names, value=DEFAULT_MODEL, label="Model")
        about = gr.Markdown(describe_model(models, DEFAULT_MODEL), elem_classes="sr-estimate")
        self.detail = gr.Slider(
            0,
            1,
            value=1,
            step=0.05,
            label="Detail",
            visible=False,
            info="0: what the measurement supports. 1: all the texture that the model would add.",
        )
        self.other = gr.Dropdown([NO_OTHER, *names], value=NO_OTHER, label="Compare with")
        self.uncertainty = gr.Checkbox(value=True, label="With a map of how sure it is")
        self.inputs: list[gr.components.Component] = [self.model, self.other, self.detail, self.uncertainty]
        self.model.change(self._chosen, self.model, [about, self.detail, self.uncertainty], api_visibility="private")

    def _chosen(self, name: str) -> tuple[str, object, object]:
        sure = self._models.config(name).uncertainty
        return (
            describe_model(self._models, name),
            gr.update(visible=self._models.knows_detail(name)),
            gr.update(visible=sure, value=sure),
        )

    def request(self, model: str, other: str, detail: float, uncertainty: bool, offset: float | None = None) -> Request:
        """What is chosen, but for the image.

        Raises:
            InputError: an unknown model, or a detail that is none.
        """
        models = (model,) if other in (NO_OTHER, "", model) else (model, other)
        return make_request(self._models, models, detail, uncertainty, offset)


def make_request(
    models: Models, names: tuple[str, ...], detail: float, uncertainty: bool, offset: float | None = None
) -> Request:
    """A request without its image: options that a model does not know are left out.

    Raises:
        InputError: an unknown model, or a detail that is none.
    """
    if not 0 <= detail <= 1:
        raise InputError(f"The detail is {detail:g}; expected 0 to 1.")
    return Request(
        source=Path(),
        models=names,
        detail=detail if models.knows_detail(names[0]) else None,
        offset=offset,
        uncertainty=uncertainty and models.config(names[0]).uncertainty,
    )
