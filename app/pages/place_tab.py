"""The tab for a place and a time: dates of a catalogue, and the result of one or several of them."""

import calendar
import html
from collections.abc import Iterator
from datetime import date

import gradio as gr

from app.errors import for_people
from app.jobs.models import Models
from app.jobs.queue import Jobs
from app.jobs.request import MAX_VIEWS, make_revisits_request
from app.pages.forms import RESULT_PX, ModelControls, empty, from_visitor, job_html, refusal
from app.places.places import MOST_KM2, Places, Search, is_silence
from app.places.submit import USUAL_VIEWS, choose, submit_dates
from rs_srgan import InputError
from rs_srgan.hub.names import REVISITS_MODEL

# The first scenes of Sentinel-2 in the catalogues; the first months have few.
_FIRST_YEAR = 2017
_USUAL_MONTHS = 3
# Shows on the map what the server has put into the field.
_OUTLINE = "text => { document.querySelector('sr-place')?.outline(text ?? ''); }"
ONE, SEVERAL = "The clearest date", "Several revisits"
_NOTHING = empty(
    "No dates yet",
    "Click on the map, choose the months, and find the dates. Or press Super-resolve: it takes the clearest date.",
)
_HELP = f"The server reads only what the area needs, from a catalogue of Sentinel-2 scenes: at most {MOST_KM2:.0f} km²."


def place_tab(jobs: Jobs, models: Models, places: Places) -> gr.HTML:
    """Build the tab in an open `gr.Tabs`; it is hidden if the server may ask no catalogue. Return its results."""
    with gr.Tab("Place", id="place", visible=bool(places.catalogues)) as tab, gr.Row():
        with gr.Column(scale=2, min_width=290):
            area = gr.Textbox(
                label="Area",
                info="Click on the map, or type west south east north in degrees.",
                placeholder="10.90 46.40 10.93 46.42",
                elem_id="place-area",
            )
            name = gr.Textbox(
                label="Or the name of a place",
                info=f"Found by {places.geocoder}. Press Enter.",
                max_lines=1,
                visible=bool(places.geocoder),
                elem_id="place-name",
            )
            hits = gr.Radio([], label="Places of this name", visible=False, elem_id="place-hits")
            said = gr.HTML("", elem_id="place-said")
            months = months_until(date.today())
            first = gr.Dropdown(months, value=months[_USUAL_MONTHS][1], label="From")
            last = gr.Dropdown(months, value=months[1][1], label="To")
            titles = list(places.catalogues)
            catalogue = gr.Dropdown(
                titles, value=titles[0] if titles else None, label="Catalogue", visible=len(titles) > 1
            )
            kind = gr.Radio([ONE, SEVERAL], value=ONE, label="Use", elem_id="place-kind")
            find = gr.Button("Find dates", elem_id="find-dates")
            with gr.Column(visible=True) as alone:
                controls = ModelControls(models, guided=True)
            fusion = gr.Dropdown(models.names_of_several(), value=REVISITS_MODEL, label="Model", visible=False)
            start = gr.Button("Super-resolve", variant="primary", elem_id="start-place")
            known = gr.State("")
            chosen = gr.Textbox("", elem_id="place-chosen", elem_classes="sr-hidden", label="Chosen dates")
            gr.Markdown(_HELP, elem_classes="sr-estimate")
        with gr.Column(scale=5, min_width=RESULT_PX, elem_classes="sr-result"):
            gr.HTML('<sr-place data-field="place-area"></sr-place>')
            dates = gr.HTML(_NOTHING, elem_id="dates")
            result = gr.HTML("", elem_id="place-result")

    def renew() -> tuple[object, ...]:
        now = months_until(date.today())
        if now == months:
            return gr.skip(), gr.skip()  # the visitor may have chosen already
        usual = now[_USUAL_MONTHS][1], now[1][1]
        return tuple(gr.update(choices=now, value=value) for value in usual)

    def look_up(name: str) -> tuple[object, ...]:
        try:
            found = places.look_up(name)
        except InputError as error:
            return gr.update(visible=False, choices=[], value=None), refusal(error), gr.skip()
        choices = [(hit.name, hit.box()) for hit in found]
        listed = gr.update(visible=len(choices) > 1, choices=choices, value=choices[0][1])
        return listed, "", choices[0][1]

    def take(box: str | None) -> object:
        return box or gr.skip()

    def look(area: str, first: str, last: str, catalogue: str, kind: str) -> tuple[str, str, str]:
        try:
            search = places.search(area, f"{first}/{last}", catalogue)
        except InputError as error:
            return "", answer(error), ""
        return search.id, *propose(search, kind == SEVERAL)

    def change(kind: str, known: str) -> tuple[object, ...]:
        several = kind == SEVERAL
        shown = gr.update(visible=not several), gr.update(visible=several)
        if not known:
            return *shown, gr.skip(), gr.skip()
        try:
            return *shown, *propose(places.get(known), several)
        except InputError as error:
            return *shown, answer(error), ""

    def submit(
        area: str,
        first: str,
        last: str,
        catalogue: str,
        kind: str,
        known: str,
        chosen: str,
        fusion: str,
        model: str,
        other: str,
        detail: float,
        uncertainty: bool,
        http: gr.Request | None = None,
    ) -> Iterator[tuple[object, ...]]:
        several = kind == SEVERAL
        try:
            request = (
                make_revisits_request(models, fusion)
                if several
                else controls.request(model, other, detail, uncertainty)
            )
            yield gr.skip(), gr.skip(), gr.skip(), _busy(f"Looking for dates in {catalogue}")
            search = places.search(area, f"{first}/{last}", catalogue)
            numbers = _numbers(chosen) if search.id == known else choose(search, several)
            listed = dates_html(search, numbers, several)
            what = "one date" if len(numbers) == 1 else f"{len(numbers)} dates"
            yield search.id, listed, _words(numbers), _busy(f"Reading {what} from {catalogue}")
            job = submit_dates(jobs, places, search, numbers, from_visitor(request, http))
        except InputError as error:
            yield gr.skip(), gr.skip(), gr.skip(), answer(error)
        else:
            yield gr.skip(), gr.skip(), gr.skip(), job_html(job.id)

    def begin() -> None:
        places.get_ready()

    # without triggers: when a page loads, since the server may run for months
    gr.on(fn=renew, outputs=[first, last], api_visibility="private", show_progress="hidden", concurrency_limit=8)
    name.submit(look_up, name, [hits, said, area], api_visibility="private", concurrency_limit=2)
    hits.input(take, hits, area, api_visibility="private", show_progress="hidden")
    area.change(None, area, None, js=_OUTLINE, api_visibility="private")
    tab.select(begin, None, None, api_visibility="private", show_progress="hidden")
    searched = [area, first, last, catalogue, kind]
    find.click(
        look, searched, [known, dates, chosen], api_visibility="private", show_progress_on=dates, concurrency_limit=4
    )
    kind.change(change, [kind, known], [alone, fusion, dates, chosen], api_visibility="private", show_progress="hidden")
    start.click(
        submit,
        [*searched, known, chosen, fusion, *controls.inputs],
        [known, dates, chosen, result],
        api_visibility="private",
        show_progress="hidden",
        concurrency_limit=4,
    )
    return result


def months_until(today: date) -> list[tuple[str, str]]:
    """Return the months from the first scenes until today with their values, the latest first."""
    return [
        (f"{calendar.month_name[month]} {year}", f"{year}-{month:02d}")
        for year in range(today.year, _FIRST_YEAR - 1, -1)
        for month in range(12, 0, -1)
        if (year, month) <= (today.year, today.month)
    ]


def propose(search: Search, several: bool) -> tuple[str, str]:
    """Return the dates of a search as HTML, and the numbers of those that are best: visitors can choose others.

    If there are not enough clear dates for revisits, none is chosen, and the HTML says why.
    """
    try:
        numbers, note = choose(search, several), ""
    except InputError as error:
        numbers, note = [], for_people(error)
    return dates_html(search, numbers, several, note), _words(numbers)


def dates_html(search: Search, numbers: list[int], several: bool, note: str = "") -> str:
    """Return the dates of a search as HTML: pictures that can be chosen, with some of them chosen.

    Args:
        search: the search.
        numbers: numbers of the chosen scenes, the reference first.
        several: True if visitors can choose several dates.
        note: what visitors must know about the dates; empty for nothing.
    """
    buttons = []
    for number, scene in enumerate(search.scenes):
        cloud = "clouds unknown" if scene.cloud is None else f"{100 * scene.cloud:.0f} % cloud"
        covered = "" if scene.covered > 0.995 else f", {100 * scene.covered:.0f} % covered"
        taken = f"{scene.taken:%d %b %Y}"
        mark = " data-reference" if several and number in numbers[:1] else ""
        buttons.append(
            f'<button type="button" data-number="{number}" aria-pressed="{str(number in numbers).lower()}"{mark}>'
            f'<img src="places/{search.id}/{number}.webp" alt="" loading="lazy">'
            f"<strong>{html.escape(taken)}</strong><span>{html.escape(cloud + covered)}</span>"
            f'<span class="sr-role">reference</span></button>'
        )
    hint = (
        f"Click a date to leave it out or to add it. A result needs 2 to {MAX_VIEWS} dates. "
        f"The best {USUAL_VIEWS} or fewer are chosen."
        if several
        else "The clearest date over the area is chosen. Choose another one, if you like."
    )
    count = f'<p class="sr-hint sr-count" role="status">{len(numbers)} of {len(buttons)} dates chosen</p>'
    return (
        f'<sr-dates data-field="place-chosen" data-several="{str(several).lower()}">'
        + (f'<p class="sr-note" role="alert">{html.escape(note)}</p>' if note else "")
        + f'<p class="sr-hint">{hint}</p>{count if several else ""}'
        f'<div class="sr-dates" role="group" aria-label="Dates">{"".join(buttons)}</div>'
        f'<p class="sr-hint">{html.escape(search.catalogue)}. Contains modified Copernicus Sentinel data.</p>'
        "</sr-dates>"
    )


def answer(error: InputError) -> str:
    """Return the HTML of an error; a catalogue that does not answer is none of the visitor's."""
    if not is_silence(error):
        return refusal(error)
    return (
        '<div class="sr-card" role="status"><h2>The catalogue does not answer</h2>'
        f"<p>{html.escape(for_people(error))} The other tabs work without it.</p></div>"
    )


def _busy(text: str) -> str:
    return (
        f'<div class="sr-card" role="status"><p>{html.escape(text)}</p>'
        '<progress aria-label="Reading from the network"></progress></div>'
    )


def _words(numbers: list[int]) -> str:
    return " ".join(map(str, numbers))


def _numbers(words: str) -> list[int]:
    parts = words[:200].split()
    return list(dict.fromkeys(int(part) for part in parts if part.isdecimal()))
