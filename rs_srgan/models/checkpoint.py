"""HubModel: base of the models, saved, pushed and loaded strictly as config.json and model.safetensors.

huggingface_hub's own loading fills missing tensors with random weights, accepts checkpoints of any class, and only
warns of a missing configuration. Here each of these is an error.
"""

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import ClassVar, Self

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn

from rs_srgan.errors import InputError
from rs_srgan.hub.download import commit_of, fetch
from rs_srgan.hub.files import CONFIG_FILE, WEIGHTS_FILE
from rs_srgan.hub.names import find_source
from rs_srgan.hub.publisher import publisher
from rs_srgan.models.config import SISRConfig
from rs_srgan.models.config_file import ABSENT_IN_FORMAT_1, read_config, read_model_class, write_config
from rs_srgan.models.weights_file import load_weights, write_weights


class HubModel(nn.Module, PyTorchModelHubMixin, library_name="rs_srgan", pipeline_tag="image-to-image"):
    """A network that is saved, pushed and loaded strictly. Subclasses set `config_class`.

    Attributes:
        config: the configuration that the network is built from.
        name: folder name or Hub id that the model was loaded from; the class name if it was never loaded.
    """

    config_class: ClassVar[type[SISRConfig]]

    def __init__(self, config: SISRConfig) -> None:
        super().__init__()
        self.config = config
        self.name = type(self).__name__

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return next(chain(self.parameters(), self.buffers())).device

    @property
    def dtype(self) -> torch.dtype:
        """Number format of the network's weights. Radiometry is computed in float32, or float64 in a double model."""
        return next(chain(self.parameters(), self.buffers())).dtype

    def fingerprint(self) -> str:
        """Return a hash of the configuration and the weights, equal for models that compute the same.

        It does not depend on the format of config.json: fields that format 1 lacks count only if they differ from their
        values of that time.
        """
        computing = vars(dataclasses.replace(self.config, base_model=""))  # records the origin of the weights only
        unused = {"sensor", "sharpen_limit", *([] if self.config.consistent else ["sharpen_reach_lr_px"])}
        added = {key for key, value in ABSENT_IN_FORMAT_1.items() if key in unused or computing.get(key) == value}
        digest = hashlib.sha256(json.dumps({key: computing[key] for key in computing if key not in added}).encode())
        if self.config.consistent:
            digest.update(f"sharpened {self.config.sharpen_limit}".encode())
        for name, tensor in self.state_dict().items():
            # as bytes, because numpy has no bfloat16
            digest.update(name.encode() + tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()

    def save_pretrained(  # type: ignore[override]  # the mixin's also writes an empty card
        self, save_directory: str | Path
    ) -> None:
        """Write config.json and model.safetensors into a folder, which is created if it does not exist."""
        folder = Path(save_directory)
        folder.mkdir(parents=True, exist_ok=True)
        self._save_pretrained(folder)

    def _save_pretrained(self, save_directory: Path) -> None:
        write_config(save_directory / CONFIG_FILE, type(self).__name__, self.config)
        write_weights(save_directory / WEIGHTS_FILE, self)

    @classmethod
    def from_pretrained(  # type: ignore[override]  # the mixin's also takes arguments of the constructor
        cls,
        pretrained_model_name_or_path: str | Path,
        *,
        force_download: bool = False,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool = False,
        revision: str | None = None,
    ) -> Self:
        """Load a bundled model, or one from a folder or a Hub repository, in evaluation mode.

        Args:
            pretrained_model_name_or_path: name, folder or Hub id, see `rs_srgan.load_model`.
            force_download: download also files that the cache holds.
            token: token for private repositories; None: the one of `hf auth login`.
            cache_dir: folder for downloads; None: the Hub's own cache.
            local_files_only: never use the network.
            revision: branch, tag or commit on the Hub; None: the newest.

        Raises:
            InputError: there is no such model, it is of another class, its configuration is not valid, or its tensors
                do not fit the configuration.
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
        # Both files come from this commit, also if somebody pushes in between.
        commit = None if isinstance(source, Path) else commit_of(config_path)
        if (found := read_model_class(config_path)) != cls.__name__:
            raise InputError(f"{config_path} describes a {found!r}; expected a {cls.__name__}. Use load_model().")
        model = cls(read_config(config_path, cls.config_class))
        load_weights(model, file(WEIGHTS_FILE, revision=commit))
        model.name = source.resolve().name if isinstance(source, Path) else source
        return model.eval()

    def push_to_hub(  # type: ignore[override]  # the mixin's sends all files of a folder and a card of its own
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
        """Push the model with a card and figures.

        For a folder that has a card and figures already, see `rs_srgan.publishing.push`.

        Args:
            repo_id: `organisation/name`; created if it does not exist.
            reports: folders that an evaluation of this model wrote; the card shows their figures and pictures.
            revision: a branch, created if it does not exist, or `refs/pr/N`; None: main.
            private: whether a new repository is private; None: the default of the organisation.
            pull_request: open a pull request instead of committing.
            force: push also without figures.
            token: token of the Hub; None: the one of `hf auth login`.
            message: message of the commit; None: a default.

        Returns:
            address of the model, or of the pull request.

        Raises:
            InputError: there are no reports, they belong to another model, or the Hub or the network refuses.
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
