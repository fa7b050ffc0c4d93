"""Saving and strict loading: a folder or a Hub repository with config.json and model.safetensors.

huggingface_hub's own loading fills what a checkpoint lacks with random weights, takes any class's checkpoint, and only
warns of a missing configuration. Here each of these is an error.
"""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import torch
from huggingface_hub import PyTorchModelHubMixin
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from rs_srgan.errors import InputError
from rs_srgan.hub.download import CONFIG_FILE, WEIGHTS_FILE, commit_of, fetch
from rs_srgan.hub.names import find_source
from rs_srgan.hub.publisher import publisher
from rs_srgan.models.config import SISRConfig
from rs_srgan.sensors.projection import SHARPEN_LIMIT

_Config = TypeVar("_Config", bound=SISRConfig)

FORMAT_VERSION = 1  # raised when an older rs_srgan could no longer read the folder


def read_config(path: Path) -> dict[str, Any]:
    """The content of a config.json.

    Raises:
        InputError: not JSON, not an object, without "model_class", or of a newer format.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid JSON ({error}).") from None
    if not isinstance(content, dict) or "model_class" not in content or "format_version" not in content:
        raise InputError(f"{path} does not describe an rs_srgan model: it lacks model_class or format_version.")
    version = content["format_version"]
    if type(version) is not int or version != FORMAT_VERSION:
        newer = type(version) is int and version > FORMAT_VERSION
        remedy = "Upgrade: pip install -U rs_srgan." if newer else "Save the model again."
        raise InputError(f"{path} has format version {version!r}; this rs_srgan reads {FORMAT_VERSION}. {remedy}")
    return content


def parse_config(path: Path, kind: type[_Config]) -> _Config:
    """The configuration in a config.json, all of it.

    Raises:
        InputError: as `read_config`, and what `from_dict` refuses, with the name of the file.
    """
    content = read_config(path)
    fields = {key: value for key, value in content.items() if key not in ("model_class", "format_version")}
    try:
        return kind.from_dict(fields)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def load_weights(model: nn.Module, path: Path) -> None:
    """Fill `model` from a safetensors file: every tensor, of the right shape, and no other.

    Raises:
        InputError: not a safetensors file, or tensors missing, unexpected, misshapen or not finite.
    """
    try:
        found = load_file(path)
    except SafetensorError as error:
        raise InputError(f"{path} is not a whole safetensors file ({error}). Download or save it again.") from None
    expected = model.state_dict()
    problems = [
        *(f"missing {name}" for name in expected.keys() - found.keys()),
        *(f"unexpected {name}" for name in found.keys() - expected.keys()),
        *(
            f"{name} is {tuple(found[name].shape)}, expected {tuple(expected[name].shape)}"
            for name in expected.keys() & found.keys()
            if found[name].shape != expected[name].shape
        ),
        *(
            f"{name} holds {found[name].dtype}, expected {expected[name].dtype}"
            for name in expected.keys() & found.keys()
            if found[name].is_floating_point() != expected[name].is_floating_point()
        ),
        *(f"{name} has values that are not finite" for name, tensor in found.items() if not _finite(tensor)),
    ]
    if problems:
        shown = "; ".join(sorted(problems)[:3]) + (f"; and {len(problems) - 3} more" if len(problems) > 3 else "")
        raise InputError(f"{path} does not fit the {type(model).__name__} its config.json describes: {shown}.")
    model.load_state_dict(found, strict=True)


def _finite(tensor: Tensor) -> bool:
    """In the precision it will be used in: 1e300 is a number, but no float32."""
    return bool(tensor.to(torch.float32).isfinite().all())


class HubModel(nn.Module, PyTorchModelHubMixin, library_name="rs_srgan", pipeline_tag="image-to-image"):
    """A network that is saved, pushed and loaded strictly. Subclasses name their configuration's class.

    Attributes:
        config: what it is built from.
        name: where it came from, for people: folder name or Hub id; the class for one that was never loaded.
    """

    config_class: ClassVar[type[SISRConfig]]

    def __init__(self, config: SISRConfig) -> None:
        super().__init__()
        self.config = config
        self.name = type(self).__name__

    def fingerprint(self) -> str:
        """Of the configuration and the weights: equal for models that compute the same."""
        computing = dataclasses.replace(self.config, base_model="")  # which says where the weights come from
        digest = hashlib.sha256(json.dumps(vars(computing)).encode())
        if self.config.consistent:
            digest.update(f"sharpened {SHARPEN_LIMIT}".encode())
        for name, tensor in self.state_dict().items():
            digest.update(name.encode() + tensor.cpu().numpy().tobytes())
        return digest.hexdigest()

    def save_pretrained(  # type: ignore[override]  # the mixin's writes a card, too, that says nothing
        self, save_directory: str | Path
    ) -> None:
        """Write config.json and model.safetensors into a folder, which is made where it does not exist."""
        folder = Path(save_directory)
        folder.mkdir(parents=True, exist_ok=True)
        self._save_pretrained(folder)

    def _save_pretrained(self, save_directory: Path) -> None:
        content = {"model_class": type(self).__name__, "format_version": FORMAT_VERSION, **vars(self.config)}
        (save_directory / CONFIG_FILE).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        tensors: dict[str, Tensor] = {name: value.contiguous() for name, value in self.state_dict().items()}
        save_file(tensors, save_directory / WEIGHTS_FILE, metadata={"format": "pt"})

    @classmethod
    def from_pretrained(  # type: ignore[override]  # the mixin's catch-all for constructor arguments is not offered
        cls,
        pretrained_model_name_or_path: str | Path,
        *,
        force_download: bool = False,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool = False,
        revision: str | None = None,
    ) -> Self:
        """A bundled model, or the one saved in a folder or a Hub repository, in evaluation mode.

        Args:
            pretrained_model_name_or_path: what `rs_srgan.load_model` takes.
            force_download: download again what the cache holds.
            token: for private repositories; by default the one of `hf auth login`.
            cache_dir: where downloads are kept.
            local_files_only: never use the network.
            revision: branch, tag or commit on the Hub.

        Raises:
            InputError: no such model, another class's checkpoint, a configuration that does not hold, or tensors that
                do not fit it.
        """
        source, revision = find_source(pretrained_model_name_or_path, revision)
        file = partial(
            fetch,
            source,
            token=token,
            cache_dir=cache_dir,
            force_download=force_download,
            local_files_only=local_files_only,
        )
        config_path = file(CONFIG_FILE, revision=revision)
        # should somebody push in between
        commit = None if isinstance(source, Path) else commit_of(config_path)
        if (found := read_config(config_path)["model_class"]) != cls.__name__:
            raise InputError(f"{config_path} describes a {found!r}; expected a {cls.__name__}.")
        model = cls(parse_config(config_path, cls.config_class))
        load_weights(model, file(WEIGHTS_FILE, revision=commit))
        model.name = source.resolve().name if isinstance(source, Path) else source
        return model.eval()

    def push_to_hub(  # type: ignore[override]  # the mixin's sends whatever there is, and writes a card of its own
        self,
        repo_id: str,
        *,
        reports: Sequence[str | Path] = (),
        revision: str | None = None,
        private: bool | None = None,
        pull_request: bool = False,
        force: bool = False,
        token: str | None = None,
        message: str | None = None,
    ) -> str:
        """Push the model with a card and figures; for a folder that has them already, see `rs_srgan.publishing.push`.

        Args:
            repo_id: `organisation/name`; made where it does not exist.
            reports: folders that an evaluation of this model wrote, for the figures and pictures of its card.
            revision: a branch, made where it does not exist, or `refs/pr/N`.
            private: of a repository that is made.
            pull_request: ask for the change instead of making it.
            force: also without figures.
            token: by default the one of `hf auth login`.
            message: of the commit.

        Returns:
            the address of the model, or of the pull request.

        Raises:
            InputError: no reports, those of another model, or what the Hub or the network refuse.
        """
        return publisher()(
            self,
            repo_id,
            reports=reports,
            revision=revision,
            private=private,
            pull_request=pull_request,
            force=force,
            token=token,
            message=message,
        )
