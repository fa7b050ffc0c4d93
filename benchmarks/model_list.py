"""The lists of the bundled models in README.md and docs/models.md: python -m benchmarks.model_list.

The figures are those in the metrics.json of each model, which `python -m benchmarks.quality` measures.
"""

from benchmarks.report import ROOT, write_block
from rs_srgan.evaluation.report.tables import table
from rs_srgan.models.catalogue import BundledModel, catalogue

# Purposes, in the order of the list.
_PURPOSES = {
    "sisr-x4-rgbn": "the default: red, green, blue and near infrared, x4",
    "sisr-x4-rgbn-fine": "the same bands, x4: for patches and small areas",
    "sisr-x2-rgbn": "the same bands, x2: for measurements",
    "sisr-x2-20m": "the six 20 m bands to 10 m, guided by the 10 m bands",
    "misr-x4-rgbn": "any number of revisits, x4",
    "misr-x2-rgbn": "any number of revisits, x2",
    "srgan-x4-rgbn": "x4 after a GAN stage: for viewing",
    "sisr-x8-rgbn": "x8, experimental: for viewing",
    "srresnet-srgan-x4-rgb": "SRGAN as in its paper, three bands: for comparison",
    "glp": "20 m bands to 10 m by MTF-GLP: classical, no weights",
}


def model_list(folder: str) -> str:
    """Return the table of all bundled models, with their purposes and gains.

    Args:
        folder: where the folder hub_cards lies, as links of the page need it.
    """
    models = catalogue()
    named = [*(name for name in _PURPOSES if name in models), *(name for name in models if name not in _PURPOSES)]
    rows = [_row(models[name], folder) for name in named]
    return table(["model", "over bicubic, dB", "over the best method without learning, dB"], rows)


def _row(model: BundledModel, folder: str) -> list[str]:
    link = f"[`{model.name}`]({folder}hub_cards/{model.name}/README.md)"
    purpose = f", {_PURPOSES[model.name]}" if model.name in _PURPOSES else ""
    return [f"{link}{purpose}", f"{model.over_bicubic_db:+.2f}", f"{model.gain_db:+.2f}"]


def main() -> None:
    """Write the lists."""
    write_block(ROOT / "README.md", "models", model_list(""))
    write_block(ROOT / "docs" / "models.md", "models", model_list("../"))


if __name__ == "__main__":
    main()
