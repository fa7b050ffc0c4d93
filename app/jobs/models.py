"""The models that visitors can choose: the bundled ones, and those that somebody fetched from the Hugging Face Hub."""

import re
from pathlib import Path
from threading import Lock

from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

from rs_srgan import MISR, SISR, InputError, SISRConfig, load_model
from rs_srgan.hub.download import fetch
from rs_srgan.hub.errors import HUB_ERRORS
from rs_srgan.hub.files import CONFIG_FILE, WEIGHTS_FILE
from rs_srgan.models.catalogue import catalogue, read_model_config
from rs_srgan.models.network_size import network_bytes

# Visitors can name a model of the Hub as organisation/name, never a folder of the server or an address.
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
# Four times the largest network of our configurations.
MAX_WEIGHTS_BYTES = 300_000_000
_MAX_CONFIG_BYTES = 100_000
_HUB_SECONDS = 10.0


class Models:
    """The models that can be chosen, by name.

    Attributes:
        bundled: the models in the catalogue by name.
    """

    def __init__(self) -> None:
        self.bundled = catalogue()
        self._from_hub: dict[str, SISRConfig] = {}
        self._commits: dict[str, str] = {}
        self._weights = {name: _count_weights(model.folder) for name, model in self.bundled.items()}
        self._lock = Lock()

    def config(self, name: str) -> SISRConfig:
        """Return the configuration of a model.

        Raises:
            InputError: the name is not in the catalogue, and the model was not fetched before.
        """
        if name in self.bundled:
            return self.bundled[name].config
        if name in self._from_hub:
            return self._from_hub[name]
        hint = "" if not _HUB_ID.fullmatch(name) else " Fetch it in the tab Models first."
        raise InputError(f"Unknown model {name!r:.80}; expected one of {', '.join(self.bundled)}.{hint}")

    def commit(self, name: str) -> str | None:
        """Return the commit of a model from the Hub that was checked and that jobs must use; None if it is bundled.

        Raises:
            InputError: see `config`.
        """
        self.config(name)
        return self._commits.get(name)

    def weights(self, name: str) -> int:
        """Return about how many weights the network of a model has: multiplications for each LR pixel.

        Raises:
            InputError: see `config`.
        """
        self.config(name)
        return self._weights[name]

    def names(self, guided: bool = False) -> list[str]:
        """Return names of bundled models for one image, the default first.

        With `guided`, models that need a whole product are included.
        """
        names = [
            name
            for name, model in self.bundled.items()
            if not model.config.several and (guided or not model.config.guide_bands)
        ]
        return sorted(names, key=lambda name: (name != "sisr-x4-rgbn", bool(self.config(name).guide_bands), name))

    def names_of_several(self) -> list[str]:
        """Return names of bundled models for several images, the larger scale first."""
        return sorted(
            (name for name, model in self.bundled.items() if model.config.several),
            key=lambda name: -self.config(name).scale,
        )

    def alone(self, name: str) -> str:
        """Return the name of the model for one image from which a bundled model for several images was trained."""
        return name.replace("misr", "sisr", 1)

    def knows_detail(self, name: str) -> bool:
        """Return whether a model has the option detail: its base model must be bundled."""
        return self.config(name).base_model in self.bundled

    def coverage(self, name: str) -> float | None:
        """Return the share of true values inside the 80 % interval of a model, on its first unseen sites, or None."""
        model = self.bundled.get(name)
        measured = [] if model is None else list(model.metrics.uncertainty.values())
        return measured[0].coverage if measured else None

    def load(self, name: str) -> SISRConfig:
        """Fetch a model from the Hub, check it and return its configuration; afterwards visitors can choose it.

        Raises:
            InputError: there is no such model, or it is not in safetensors format, too large or of another kind.
        """
        name = name.strip()
        if not _HUB_ID.fullmatch(name):
            raise InputError(
                f"{name!r:.80} is not the name of a model on the Hugging Face Hub; expected organisation/name."
            )
        with self._lock:  # one download at a time
            if name not in self._from_hub:
                commit = _check_size(name)
                _check_network(name, commit)
                model = load_public(name, commit=commit)
                self._commits[name] = commit
                self._weights[name] = sum(weight.numel() for weight in model.parameters())
                self._from_hub[name] = model.config
        return self._from_hub[name]


def load_public(name: str, detail: float | None = None, commit: str | None = None) -> SISR | MISR:
    """Return a model from `load_model` without the server's own access token, which must not serve visitors."""
    return load_model(name, revision=commit, token=False, detail=detail)


def _count_weights(folder: Path) -> int:
    """Return the number of weights in the folder of a model, from the size of its file of float32."""
    return (folder / WEIGHTS_FILE).stat().st_size // 4


def _check_size(name: str) -> str:
    """Check the files of the newest commit of a Hub model, and return the commit."""
    try:
        info = HfApi(token=False).model_info(name, files_metadata=True, timeout=_HUB_SECONDS)
    except GatedRepoError:
        raise InputError(
            f"{name} is gated on the Hub: only users who accepted its terms can download it. Choose a public model."
        ) from None
    except (RepositoryNotFoundError, HFValidationError):
        raise InputError(f"There is no public model {name!r} on the Hub. Check the spelling in its address.") from None
    except HUB_ERRORS:
        raise InputError(
            f"{name} cannot be downloaded: the Hub does not answer. Try again later, or choose a bundled model."
        ) from None
    sizes = {file.rfilename: file.size or 0 for file in info.siblings or []}
    if WEIGHTS_FILE not in sizes:
        raise InputError(
            f"{name} has no {WEIGHTS_FILE}; expected a model of rs_srgan in that format. Pickles are never opened."
        )
    megabytes, most = sizes[WEIGHTS_FILE] / 1e6, MAX_WEIGHTS_BYTES / 1e6
    if megabytes > most:
        raise InputError(f"{name} has {megabytes:.0f} MB of weights; this server takes at most {most:.0f} MB.")
    if sizes.get(CONFIG_FILE, 0) > _MAX_CONFIG_BYTES:
        raise InputError(f"{name} has a {CONFIG_FILE} of {sizes[CONFIG_FILE]:,} bytes; a configuration has fewer.")
    return str(info.sha)


def _check_network(name: str, commit: str) -> None:
    """Check how large a network the configuration of a Hub model describes, before memory is allocated for it."""
    config = read_model_config(fetch(name, CONFIG_FILE, revision=commit, token=False).parent)
    if config.several:  # also has a network of fusion
        raise InputError(
            f"{name} takes several images of one place. For those, this server has the bundled models only."
        )
    size = network_bytes(config)
    if size > MAX_WEIGHTS_BYTES:
        raise InputError(
            f"{name} describes a network of {size / 1e6:.0f} MB; this server takes at most "
            f"{MAX_WEIGHTS_BYTES / 1e6:.0f} MB."
        )
