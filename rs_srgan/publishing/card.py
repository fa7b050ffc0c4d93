"""A model's card: the template, filled from what lies in the model's folder."""

import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from rs_srgan.errors import InputError
from rs_srgan.evaluation.report.tables import table, wrapped
from rs_srgan.hub.names import bundle, is_local
from rs_srgan.models import MISRConfig, SISRConfig
from rs_srgan.models.catalogue import METRICS_FILE, read_model_config
from rs_srgan.publishing.card_tracks import track_figures, track_results
from rs_srgan.sensors.sentinel2 import SENTINEL2

ABOUT_FILE, TRAINING_FILE, CARD_FILE = "about.toml", "training.json", "README.md"
ABOUT_KEYS = ("name", "license", "base_model", "summary", "training", "data", "limits")
TEMPLATE_FILE = "template.md"
PICTURES_FOLDER = "pictures"
PICTURE_SUFFIXES = (".png", ".jpg")

_METHODS = {"bicubic": "bicubic", "back_projection": "bicubic + 3 back-projections", "model": "model"}
# Figures, and their digits behind the point.
_ACCURACY = {"ssim": 4, "sam_deg": 2, "improvement": 2, "omission": 2, "hallucination": 2}
_AGREEMENT = {"sensor": 5, "reflectance": 5, "spectral_deg": 3, "spatial_px": 4}
_NOT_SAID = "Its makers do not say."
_PROTOCOLS = {
    "simulated": (
        "LR is simulated from the images by the sensor model, without noise (Wald's protocol), so this is how well "
        "detail comes back that is known to be there, and no accuracy at pixels finer than the images' own."
    ),
    "pairs": "LR and HR of pairs are two images: what they are off in place or in brightness counts as error.",
}
_CHOSEN = (
    "Chosen by a rule and by nobody: images at random, and the best and the worst by the gain over back-projection. "
    "Of each LR, bicubic, SR and HR; below them what the added detail is, the errors of bicubic and SR, and figures."
)
# Titles that benchmarks.quality gives, which splits by site; of other images we know nothing.
_UNSEEN = re.compile(r"(Sentinel-2|NAIP), ")
_MOST_SITES = 20  # in a table of their own


def write_card(folder: Path) -> Path:
    """Write README.md from config.json, and what there is of metrics.json, training.json and about.toml.

    Raises:
        InputError: a folder without a model, or files that do not hold what they should.
    """
    path = folder / CARD_FILE
    path.write_text(render(folder), encoding="utf-8")
    return path


def render(folder: Path) -> str:
    """The card's text.

    Raises:
        InputError: see `write_card`.
    """
    config = read_model_config(folder)
    metrics, training = (_read(folder / name) for name in (METRICS_FILE, TRAINING_FILE))
    said = about(folder)
    name = said.get("name") or folder.resolve().name
    template = Template((bundle() / TEMPLATE_FILE).read_text(encoding="utf-8"))
    try:
        return template.substitute(
            metadata=_metadata(name, config, metrics, said.get("license") or None, _base(said, training, config)),
            name=name,
            summary=said.get("summary") or _summary(config),
            usage=_usage(name, config),
            figures=_figures(metrics, config.bands, folder),
            training=_training(said.get("training") or _NOT_SAID, training),
            data=said.get("data") or _NOT_SAID,
            limits=said.get("limits") or _NOT_SAID,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(f"The figures in {folder} are not as `rs-srgan evaluate` writes them ({error!r}).") from None


def about(folder: Path) -> dict[str, str]:
    """What its maker says of a model, in about.toml: texts by the names in ABOUT_KEYS.

    Raises:
        InputError: it cannot be read, or says something else.
    """
    path = folder / ABOUT_FILE
    said = _read(path)
    for key, value in said.items():
        if key not in ABOUT_KEYS:
            near = difflib.get_close_matches(key, ABOUT_KEYS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(ABOUT_KEYS)}."
            raise InputError(f"{path} has an unknown key {key!r}; {hint}")
        if not isinstance(value, str):
            raise InputError(f"{path}: {key} is {value!r:.60}; expected text in quotes.")
    return said


def _base(said: dict[str, str], training: dict[str, Any], config: SISRConfig) -> str | None:
    """What a model was made of, by a name that others can load."""
    start = said.get("base_model") or training.get("init_from") or config.base_model
    return start if start and not is_local(start) else None


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
        content: dict[str, Any] = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except ValueError as error:
        raise InputError(f"{path} cannot be read ({error}).") from None
    return content


def _metadata(name: str, config: SISRConfig, metrics: dict[str, Any], license_: str | None, base: str | None) -> str:
    results = [result for group in _referenced(metrics) for result in _results(config, group)]
    results += track_results(config.scale, metrics.get("tracks", {}))
    data = ModelCardData(
        library_name="rs_srgan",
        pipeline_tag="image-to-image",
        license=license_,
        base_model=base,
        tags=[
            "super-resolution",
            f"super-resolution-x{config.scale}",
            "remote-sensing",
            "satellite-imagery",
            *(["sentinel-2"] if set(config.bands) <= SENTINEL2.keys() else []),
            "model_hub_mixin",
            "pytorch_model_hub_mixin",
        ],
        model_name=name if results else None,
        eval_results=results or None,
    )
    return data.to_yaml().strip()


def _results(config: SISRConfig, group: dict[str, Any]) -> Iterator[EvalResult]:
    """A group's figures, as the Hub's model-index has them."""
    title, mean = group["title"], group["mean"]
    ours = _UNSEEN.match(title)
    gain = mean["model"]["psnr_db"] - mean["back_projection"]["psnr_db"]
    figures = (
        ("psnr", "PSNR, dB", round(mean["model"]["psnr_db"], 2)),
        ("psnr_gain", "PSNR over bicubic + 3 back-projections, dB", round(gain, 2)),
        ("ssim", "SSIM", round(mean["model"]["ssim"], 4)),
    )
    for metric, described, value in figures:
        yield EvalResult(
            task_type="image-to-image",
            task_name=f"Super-resolution x{config.scale}",
            dataset_type=re.sub(r"[^a-z0-9]+", "-", (ours[1] if ours else title).lower()).strip("-"),
            dataset_config=title,
            dataset_name=f"{title}, {len(group['sites'])} unseen sites" if ours else title,
            metric_type=metric,
            metric_name=described,
            metric_value=value,
        )


def _referenced(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    return [group for group in metrics.get("groups", {}).values() if group["protocol"] != "real"]


def _summary(config: SISRConfig) -> str:
    of_several = " from several revisits" if isinstance(config, MISRConfig) else ""
    return f"{', '.join(config.bands)} with {config.scale} times the pixels along each axis{of_several}."


def _usage(name: str, config: SISRConfig) -> str:
    size = f"({len(config.bands)}, h, w) -> ({len(config.bands)}, {config.scale}h, {config.scale}w)"
    if isinstance(config, MISRConfig):
        return _usage_of_revisits(name, size)
    images, source = "reflectance", "scene.tif"
    if config.guide_bands:
        images, source = "reflectance, guide", "S2B_MSIL2A_....SAFE"
        size = size.replace(" ->", f" and ({len(config.guide_bands)}, {config.scale}h, {config.scale}w) ->")
    lines = [
        "from rs_srgan import load_model, super_resolve",
        "",
        f'super_resolve("{source}", "sr.tif", model="{name}")',
        f'sr = load_model("{name}").predict({images})  # {size}',
    ]
    if config.base_model:
        lines.append(f'between = load_model("{name}", detail=0.5)  # 0: {config.base_model}, 1: this model')
    if config.uncertainty:
        lines.append(f'sr, half_width = load_model("{name}").predict_with_uncertainty({images})')
    return "\n".join(lines)


def _usage_of_revisits(name: str, size: str) -> str:
    size = size.replace(" ->", " each ->")
    lines = [
        "from rs_srgan import load_model, super_resolve",
        "",
        f'super_resolve(["may.SAFE", "june.SAFE", "july.SAFE"], "sr.tif", model="{name}")',
        f'sr = load_model("{name}").predict([first, second, third])  # reflectance, {size}',
    ]
    return "\n".join(lines)


def _figures(metrics: dict[str, Any], bands: Sequence[str], folder: Path) -> str:
    groups, parts = _referenced(metrics), []
    if groups:
        unseen = ", on sites that training never saw" if all(_UNSEEN.match(each["title"]) for each in groups) else ""
        measured = f"PSNR of reflectance, peak 1{unseen}; every site counts once."
        protocols = (text for protocol, text in _PROTOCOLS.items() if protocol in {each["protocol"] for each in groups})
        parts += [wrapped(" ".join([measured, *protocols])), _means(metrics)]
        parts += [_by_site(group) for group in groups if len(group["sites"]) <= _MOST_SITES]
        parts += [_by_band(groups[0], bands)]
    if metrics.get("groups"):
        parts += ["### Agreement with the input", _agreement(metrics["groups"])]
    if groups:
        parts += ["### Detail by frequency", _frequencies(metrics)]
    if "uncertainty" in metrics:
        parts += ["### Uncertainty", _uncertainty(metrics)]
    if "tracks" in metrics:
        parts += [track_figures(metrics["tracks"])]
    if pictures := sorted(path for path in (folder / PICTURES_FOLDER).glob("*") if path.suffix in PICTURE_SUFFIXES):
        parts += [
            "### Pictures",
            wrapped(_CHOSEN),
            *(f"![{path.stem}]({PICTURES_FOLDER}/{path.name})" for path in pictures),
        ]
    return "\n\n".join(parts) or "None were measured."


def psnr_rows(metrics: dict[str, Any]) -> list[tuple[str, int, list[float]]]:
    """Of every group of sites and of the first two together: title, number of sites, and PSNR of the three methods."""
    groups = _referenced(metrics)
    rows = [
        (group["title"], len(group["sites"]), [group["mean"][method]["psnr_db"] for method in _METHODS])
        for group in groups
    ]
    if len(rows) > 1:
        (first, some, one), (second, others, other) = rows[:2]
        every = [(some * a + others * b) / (some + others) for a, b in zip(one, other, strict=True)]
        rows.append((f"{first.split(',')[0]} and {second}, every site once", some + others, every))
    return rows


def _means(metrics: dict[str, Any]) -> str:
    groups, rows = _referenced(metrics), []
    for index, (title, count, psnr) in enumerate(psnr_rows(metrics)):
        own = groups[index]["mean"]["model"] if index < len(groups) else {}
        figures = [_cell(own, each, digits) for each, digits in _ACCURACY.items()]
        gain = f"**{psnr[2] - psnr[1]:+.2f}**"
        rows.append([f"{title}, {count} sites", *(f"{each:.2f}" for each in psnr), gain, *figures])
    header = ["mean over sites", *(f"{title}, dB" for title in _METHODS.values()), "gain over the baseline, dB"]
    return table([*header, "SSIM", "SAM, degrees", "improved", "omitted", "made up"], rows)


def _cell(figures: dict[str, Any], name: str, digits: int) -> str:
    """Empty for what could not be measured, such as a shift of very small images."""
    return f"{figures[name]:.{digits}f}" if name in figures else ""


def _by_site(group: dict[str, Any]) -> str:
    rows = []
    for site, figures in group["sites"].items():
        gain = figures["model"] - figures["back_projection"]
        rows.append([site, *(f"{figures[method]:.2f}" for method in _METHODS), f"{gain:+.2f}"])
    return table([group["title"], *(f"{title}, dB" for title in _METHODS.values()), "gain, dB"], rows)


def _by_band(group: dict[str, Any], bands: Sequence[str]) -> str:
    rows = []
    for index, band in enumerate(bands):
        psnr = [group["mean"][method]["band_psnr_db"][index] for method in _METHODS]
        rows.append([band, *(f"{each:.2f}" for each in psnr), f"{psnr[2] - psnr[1]:+.2f}"])
    return table([group["title"], *(f"{title}, dB" for title in _METHODS.values()), "gain, dB"], rows)


def _agreement(groups: dict[str, Any]) -> str:
    rows = []
    for group in groups.values():
        for method in (*_METHODS, "hr"):
            figures = group["mean"].get(method)
            if figures is None or "sensor" not in figures:
                continue
            kind = ", real" if group["protocol"] == "real" else ""
            cells = (_cell(figures, each, digits) for each, digits in _AGREEMENT.items())
            rows.append([f"{group['title']}{kind}", {**_METHODS, "hr": "HR itself"}[method], *cells])
    header = ["", "", "mean abs(LR - D(SR))", "opensr-test reflectance", "spectral, degrees", "spatial, px"]
    text = wrapped(
        "D is what the sensor would see of the result. opensr-test's operator is sharper than the sensor, so its "
        "figures are not 0 for the truth itself: a model should come close to that."
    )
    return f"{text}\n\n{table(header, rows)}"


def _frequencies(metrics: dict[str, Any]) -> str:
    group = _referenced(metrics)[0]
    key = next(key for key, each in metrics["groups"].items() if each is group)
    rows = [[title, "", *_levels(group["mean"][method])] for method, title in _METHODS.items()]
    base = metrics.get("detail", {}).get("0")
    for detail, means in metrics.get("detail", {}).items():
        loss = means[key]["psnr_db"] - base[key]["psnr_db"]
        rows.append([f"detail {detail}", f"{loss:+.2f} dB", *_levels(means[key])])
    header = ["power against HR, dB", "PSNR" if base else "", *(f"{tenth / 10:g}" for tenth in range(1, 10))]
    return f"{group['title']}, at shares of the Nyquist frequency of the fine pixels.\n\n{table(header, rows)}"


def _levels(figures: dict[str, Any]) -> list[str]:
    return [f"{level:.1f}" for level in figures["spectrum_db"]]


def _uncertainty(metrics: dict[str, Any]) -> str:
    rows, curves = [], []
    for key, found in metrics["uncertainty"].items():
        title = metrics["groups"][key]["title"]
        ranks = (f"{found[each]:.2f}" for each in ("rank", "rank_if_exact", "rank_within_bands"))
        rows.append([title, f"{100 * found['coverage']:.1f} %", *ranks])
        curves.append([f"{title}: said", *(f"{1e4 * each:.0f}" for each in found["predicted"])])
        curves.append([f"{title}: needed", *(f"{1e4 * each:.0f}" for each in found["observed"])])
    tenths = ["half-width, DN, of the surest tenth to the least sure", *map(str, range(1, len(curves[0])))]
    return (
        "`--uncertainty` gives half the interval that is to hold 80 % of the truth. On sites that training never saw, "
        "each with the calibration that the other Sentinel-2 sites give. Each error is drawn by chance, so not "
        "even exact half-widths would rank them all: how well those would is said beside.\n\n"
        + table(["", "held", "rank correlation with the error", "if exact", "within a band"], rows)
        + "\n\n"
        + table(tenths, curves)
    )


def _training(said: str, training: dict[str, Any]) -> str:
    parts = [said]
    if training:
        steps, minutes = training.get("steps"), training.get("minutes")
        known = [f"from {Path(start).name}"] if (start := training.get("init_from")) else []
        known += [f"{steps:,} steps in {minutes:g} minutes"] if steps and minutes else []
        for name, value in (("seed", training.get("seed")), ("data manifest", training.get("data"))):
            known += [f"{name} {str(value)[:16]}"] if value is not None else []
        known += [f"revision {training['revision'][:12]}"] if training.get("revision") else []
        known += [f"{name} {number}" for name, number in (training.get("versions") or {}).items()]
        parts.append(wrapped(", ".join(known) + "."))
    return "\n\n".join(parts)
