"""The parts of forms that several tabs share."""

import dataclasses
import html
from dataclasses import dataclass

import gradio as gr

from app.errors import for_people
from app.jobs.models import Models
from app.jobs.request import Request, make_request
from rs_srgan.hub.names import DEFAULT_MODEL

NO_OTHER = "None"
# Narrowest column of results, pixels of the screen. Tablets show the form below it.
RESULT_PX = 480


@dataclass(frozen=True)
class JobTab:
    """The components of a tab that the rest of the page uses.

    Attributes:
        model: list of models.
        other: list of models to compare with.
        result: place of the results.
    """

    model: gr.Dropdown
    other: gr.Dropdown
    result: gr.HTML


def job_html(job: str, remember: bool = True) -> str:
    """Return the HTML of a job and its result; with `remember` the address of the page will lead to it."""
    return f'<sr-job data-id="{html.escape(job)}"{" data-remember" if remember else ""}></sr-job>'


def refusal(error: Exception) -> str:
    """Return the HTML of an error, which takes the place of a result."""
    return (
        '<div class="sr-card sr-error" role="alert"><h2>This did not work</h2>'
        f"<p>{html.escape(for_people(error))}</p></div>"
    )


def empty(title: str, text: str) -> str:
    """Return the HTML of a place that has no result yet."""
    return f'<div class="sr-card sr-empty"><h2>{html.escape(title)}</h2><p>{html.escape(text)}</p></div>'


def from_visitor(request: Request, http: gr.Request | None) -> Request:
    """Return a request with the address of the visitor who sent it; None for a call without HTTP."""
    client = http.client if http else None
    return dataclasses.replace(request, visitor=client.host if client else "")


def sample_checkbox(label: str, elem_id: str) -> gr.Checkbox:
    """Return a checkbox that chooses the sample. web/page.js clears it when a visitor chooses a file.

    Then a file that Gradio refuses does not lead to the sample in silence.
    """
    return gr.Checkbox(value=True, label=label, elem_id=elem_id, elem_classes="sr-sample")


def describe_model(models: Models, name: str) -> str:
    """Return a line on the bands, scale and accuracy of a model."""
    config = models.config(name)
    start = f"{' '.join(config.bands)}, x{config.scale}. "
    if name not in models.bundled:
        return start + "From the Hugging Face Hub: its card there describes its use."
    accuracy = models.bundled[name].accuracy
    if base := config.base_model:
        return start + (
            f"It adds texture to the result of {base}, which makes it sharper and "
            f"{models.bundled[base].accuracy.model_db - accuracy.model_db:.1f} dB less accurate. "
            "Do not use it for measurements."
        )
    if config.several:
        return start + (
            f"With eight views of unseen sites it is {accuracy.over_bicubic_db:.1f} dB better than bicubic and "
            f"{accuracy.gain_db:.1f} dB better than shift-and-add. The views must be shifted by parts of a pixel; "
            "copies of one image add nothing."
        )
    return start + (
        f"On unseen sites it is {accuracy.over_bicubic_db:.1f} dB better than bicubic and {accuracy.gain_db:.1f} dB "
        f"better than {accuracy.baseline}. The finest detail is a plausible guess."
    )


class ModelControls:
    """Controls for a model, another model to compare with, and their options.

    Args:
        models: the models that visitors can choose.
        guided: True to offer models that need a whole product.

    Attributes:
        model: list of models. The tab Models adds to it.
        detail: slider for the detail, shown for models that have this option.
        other: list of models to compare with. The tab Models adds to it.
        uncertainty: checkbox for the uncertainty, shown for models that have it.
        inputs: the controls in the order of the arguments of `request`.
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
            info="0: only detail that the measurement supports. 1: all texture that the model adds.",
        )
        self.other = gr.Dropdown([NO_OTHER, *names], value=NO_OTHER, label="Compare with")
        self.uncertainty = gr.Checkbox(value=True, label="Add an uncertainty map")
        self.inputs: list[gr.components.Component] = [self.model, self.other, self.detail, self.uncertainty]
        self.model.change(self._chosen, self.model, [about, self.detail, self.uncertainty], api_visibility="private")

    def _chosen(self, name: str) -> tuple[str, object, object]:
        sure = self._models.config(name).uncertainty
        return (
            describe_model(self._models, name),
            gr.update(visible=self._models.knows_detail(name)),
            gr.update(visible=sure, value=sure),
        )

    def request(self, model: str, other: str, detail: float, uncertainty: bool) -> Request:
        """Return a request with the chosen models and options, without its image.

        Raises:
            InputError: a model is unknown, or the detail is not between 0 and 1.
        """
        models = (model,) if other in (NO_OTHER, "", model) else (model, other)
        return make_request(self._models, models, detail, uncertainty)
