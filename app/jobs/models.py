"""The models that visitors can choose: the bundled ones, and those of the Hugging Face Hub that somebody asked for."""

import re
from threading import Lock

from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

from rs_srgan import MISR, SISR, InputError, MISRConfig, SISRConfig, load_model
from rs_srgan.hub.download import WEIGHTS_FILE
from rs_srgan.hub.errors import HUB_ERRORS
from rs_srgan.models.catalogue import catalogue

# One that a visitor names is organisation/name and nothing else: no folder of this machine, no address.
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
# The largest network of the configurations here has a quarter of that.
MAX_WEIGHTS_BYTES = 300_000_000
_HUB_SECONDS = 10.0


class Models:
    """What can be chosen, by name."""

    def __init__(self) -> None:
        self.bundled = catalogue()
        self._from_hub: dict[str, SISRConfig] = {}
        self._lock = Lock()

    def config(self, name: str) -> SISRConfig:
        """What a model is built from.

        Raises:
            InputError: a name that is neither in the catalogue nor was loaded before.
        """
        if name in self.bundled:
            return self.bundled[name].config
        if name in self._from_hub:
            return self._from_hub[name]
        hint = "" if not _HUB_ID.fullmatch(name) else " Load it in the tab Models first."
        raise InputError(f"Unknown model {name!r:.80}; expected one of {', '.join(self.bundled)}.{hint}")

    def names(self, guided: bool = False) -> list[str]:
        """The bundled ones, best known first; `guided` ones, too, which need a whole product."""
        names = [
            name
            for name, model in self.bundled.items()
            if not isinstance(model.config, MISRConfig) and (guided or not model.config.guide_bands)
        ]
        return sorted(names, key=lambda name: (name != "sisr-x4-rgbn", bool(self.config(name).guide_bands), name))

    def names_of_several(self) -> list[str]:
        """The bundled ones for several revisits, the larger scale first."""
        return sorted(
            (name for name, model in self.bundled.items() if isinstance(model.config, MISRConfig)),
            key=lambda name: -self.config(name).scale,
        )

    def alone(self, name: str) -> str:
        """What a bundled model of several revisits began as: the same with one."""
        return name.replace("misr", "sisr", 1)

    def knows_detail(self, name: str) -> bool:
        """Whether it lies between two models: of a stranger's model nobody says what the other one is."""
        return self.config(name).base_model in self.bundled

    def coverage(self, name: str) -> float | None:
        """Share of the truth, on Sentinel-2 sites it never saw, that lies in the 80 % interval that a model gives."""
        model = self.bundled.get(name)
        if model is None or "uncertainty" not in model.metrics:
            return None
        return float(model.metrics["uncertainty"]["sentinel2"]["coverage"])

    def load(self, name: str) -> SISRConfig:
        """Fetch a model from the Hub and check that it can be used; afterwards it can be chosen.

        Raises:
            InputError: no such model, one that is no safetensors file, too large, or does not fit.
        """
        name = name.strip()
        if not _HUB_ID.fullmatch(name):
            raise InputError(f"{name!r:.80} is no model of the Hugging Face Hub; expected organisation/name.")
        with self._lock:  # two downloads at once would both be late
            if name not in self._from_hub:
                _check_size(name)
                model = load_public(name)
                if isinstance(model, MISR):
                    raise InputError(
                        f"{name} is for several images of one place; for those only bundled models are taken here."
                    )
                self._from_hub[name] = model.config
        return self._from_hub[name]


def load_public(name: str, detail: float | None = None) -> SISR | MISR:
    """`load_model` without this machine's own access to the Hub, which is no visitor's business."""
    return load_model(name, token=False, detail=detail)


def _check_size(name: str) -> None:
    try:
        info = HfApi(token=False).model_info(name, files_metadata=True, timeout=_HUB_SECONDS)
    except GatedRepoError:
        raise InputError(f"{name} is not open to everybody on the Hub: its terms have to be accepted first.") from None
    except (RepositoryNotFoundError, HFValidationError):
        raise InputError(f"There is no public model {name!r} on the Hub. Is it spelled as in its address?") from None
    except HUB_ERRORS:
        raise InputError(
            f"{name} cannot be fetched: the Hub does not answer. Try again later, or choose a bundled model."
        ) from None
    sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
    if WEIGHTS_FILE not in sizes:
        raise InputError(
            f"{name} holds no {WEIGHTS_FILE}: it is no model of rs_srgan, or a pickle, which is never opened."
        )
    megabytes, most = sizes[WEIGHTS_FILE] / 1e6, MAX_WEIGHTS_BYTES / 1e6
    if megabytes > most:
        raise InputError(f"{name} has {megabytes:.0f} MB of weights; at most {most:.0f} are taken.")
