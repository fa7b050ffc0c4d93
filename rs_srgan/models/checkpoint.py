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
from typing import ClassVar, Literal, Self, Unpack

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn

from rs_srgan.errors import InputError, require_path, shown
from rs_srgan.hub.download import commit_of, fetch
from rs_srgan.hub.files import CONFIG_FILE, WEIGHTS_FILE
from rs_srgan.hub.names import find_source
from rs_srgan.hub.publisher import PushOptions, publisher
from rs_srgan.models.config import SISRConfig
from rs_srgan.models.config_file import ABSENT_IN_FORMAT_1, read_config, read_model_class, write_config
from rs_srgan.models.description import accuracy_in, as_table, facts_of, one_line
from rs_srgan.models.network_size import network_bytes
from rs_srgan.models.placement import check_dtype, checked_device
from rs_srgan.models.weights_file import load_weights, write_weights
from rs_srgan.whole_files import whole_files
from rs_srgan.writing.unfinished import FULL_DISK

# A file in half precision has half of the bytes, and with strict=False parts of the network may be missing.
_MOST_TIMES_FILE = 8
_SMALL_BYTES = 100_000_000


class HubModel(nn.Module, PyTorchModelHubMixin, library_name="rs_srgan", pipeline_tag="image-to-image"):
    """A network that is saved, pushed and loaded strictly. Subclasses set `config_class`.

    Attributes:
        config: the configuration that the network is built from.
        name: folder name or Hub id that the model was loaded from; the class name if it was never loaded.
    """

    config_class: ClassVar[type[SISRConfig]]

    def __init__(self, config: SISRConfig) -> None:
        super().__init__()
        wanted, own = self.config_class.__name__, type(self).__name__
        if type(config) is not self.config_class:
            raise InputError(
                f"{own} is built from a {wanted}; got {shown(config)}. Give {wanted}(...), or load a trained model: "
                f"{own}.from_pretrained(name)."
            )
        self.config = config
        self.name = type(self).__name__
        self._folder: Path | None = None  # where the model was loaded from

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

    def __repr__(self) -> str:
        """Return class, name, bands, scale and number of parameters."""
        return one_line(type(self).__name__, self.name, facts_of(self, self.config))

    def to_html(self) -> str:
        """Return the same as a table, with the measured gains if the model's folder has them."""
        accuracy = accuracy_in(self._folder, self.fingerprint())
        return as_table(type(self).__name__, self.name, facts_of(self, self.config), accuracy)

    _repr_html_ = to_html  # the name that notebooks ask for

    def save_pretrained(  # type: ignore[override]  # the mixin's also writes an empty card
        self,
        save_directory: str | Path,
        *,
        push_to_hub: bool = False,
        repo_id: str | None = None,
        **push_options: Unpack[PushOptions],
    ) -> str | None:
        """Write config.json and model.safetensors into a folder, which is created if it does not exist.

        Both files replace earlier ones when both are complete.

        Args:
            save_directory: the folder.
            push_to_hub: also push the model, see `push_to_hub`.
            repo_id: `organisation/name`, for a push.
            **push_options: options of `push_to_hub`.

        Returns:
            address of the pushed model; None without a push.

        Raises:
            InputError: the folder cannot be written, there is no `repo_id` for a push, or `push_to_hub` refuses.
            OSError: the disk is full; the earlier files stay.
        """
        folder = require_path("The folder to save to", save_directory)
        if push_to_hub and repo_id is None:
            raise InputError("A push needs a repository: give repo_id='organisation/name', or leave push_to_hub out.")
        if not push_to_hub and (repo_id is not None or push_options):
            given = ", ".join([*(["repo_id"] if repo_id is not None else []), *push_options])
            raise InputError(f"{given} are for a push. Give push_to_hub=True, or leave them out.")
        try:
            with whole_files(folder) as fresh:
                self._save_pretrained(fresh)
        except FileExistsError:
            raise InputError(
                f"{folder} is a file; expected a folder to save the model to. Give another name."
            ) from None
        except OSError as error:
            if error.errno in FULL_DISK:
                raise OSError(error.errno, f"{error.strerror}. Make room there", str(folder)) from None
            raise InputError(f"{folder} cannot be written ({error.strerror}). Give another folder.") from None
        return None if repo_id is None else self.push_to_hub(repo_id, **push_options)

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
        map_location: str | torch.device | None = None,
        device: str | torch.device | None = None,
        torch_dtype: torch.dtype | Literal["auto"] | None = None,
        strict: bool = True,
    ) -> Self:
        """Load a bundled model, or one from a folder or a Hub repository, in evaluation mode.

        Args:
            pretrained_model_name_or_path: name, folder or Hub id, see `rs_srgan.load_model`.
            force_download: download also files that the cache holds.
            token: token for private repositories; None: the one of `hf auth login`.
            cache_dir: folder for downloads; None: the Hub's own cache.
            local_files_only: never use the network.
            revision: branch, tag or commit on the Hub; None: the newest.
            map_location: another name of `device`.
            device: where the model goes; None: the CPU.
            torch_dtype: number format of the network's weights; None: float32; "auto": the format of the file.
            strict: False to load what fits, and to log a warning of tensors that are missing or unexpected.

        Raises:
            InputError: there is no such model, it is of another class, its configuration is not valid, its tensors do
                not fit the configuration, or the device or the number format cannot be used.
        """
        target = checked_device(map_location, device)
        check_dtype(torch_dtype)
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
        # A subclass also loads what its base class saved.
        if (found := read_model_class(config_path)) not in [base.__name__ for base in cls.__mro__]:
            raise InputError(
                f"{config_path} describes a {found!r}; expected a {cls.__name__}. Load it with its own "
                "class, or with load_model()."
            )
        config, weights = read_config(config_path, cls.config_class), file(WEIGHTS_FILE, revision=commit)
        _check_size(config, config_path, weights)
        model = cls(config)
        stored = load_weights(model, weights, strict)
        model.name = source.resolve().name if isinstance(source, Path) else source
        model._folder = config_path.absolute().parent
        return model.to(device=target, dtype=stored if torch_dtype == "auto" else torch_dtype).eval()

    def push_to_hub(  # type: ignore[override]  # the mixin's sends all files of a folder and a card of its own
        self,
        repo_id: str,
        *,
        reports: Sequence[str | Path] = (),
        commit_message: str | None = None,
        branch: str | None = None,
        create_pr: bool = False,
        private: bool | None = None,
        token: str | None = None,
        force: bool = False,
        license: str | None = None,
        summary: str | None = None,
        training: str | None = None,
        data: str | None = None,
        limits: str | None = None,
        base_model: str | None = None,
        tags: Sequence[str] = (),
    ) -> str:
        """Push the model with a card and figures.

        What people wrote on the Hub stays: texts, edited sections of the card, other files of the repository. For a
        folder that has a card and figures already, see `rs_srgan.publishing.push`.

        Args:
            repo_id: `organisation/name`; created if it does not exist.
            reports: folders that an evaluation of this model wrote; the card shows their figures and pictures.
            commit_message: message of the commit; None: a default.
            branch: a branch, created if it does not exist, or `refs/pr/N`; None: main.
            create_pr: open a pull request instead of committing.
            private: whether a new repository is private; None: the default of the organisation.
            token: token of the Hub; None: the one of `hf auth login`.
            force: push also without figures, or over a model of another library. Figures of other weights are removed.
            license: licence of the weights, by its name on the Hub; None keeps what the Hub has, as for all texts.
            summary: what the model makes from which images, and for whom.
            training: how the model was trained.
            data: the training data with their licences.
            limits: where the model fails.
            base_model: the model that training started from.
            tags: further tags of the card.

        Returns:
            address of the model, or of the pull request.

        Raises:
            InputError: there are no reports, they belong to another model, `config.base_model` is a folder, the
                repository holds a model of another library, or the Hub or the network refuses.
        """
        return publisher()(
            self,
            repo_id,
            reports=reports,
            commit_message=commit_message,
            branch=branch,
            create_pr=create_pr,
            private=private,
            token=token,
            force=force,
            license=license,
            summary=summary,
            training=training,
            data=data,
            limits=limits,
            base_model=base_model,
            tags=tags,
        )


def _check_size(config: SISRConfig, config_path: Path, weights: Path) -> None:
    """Check that a network is about as large as the file of its weights, before memory is allocated for it."""
    needed, stored = network_bytes(config), weights.stat().st_size
    if needed > max(_SMALL_BYTES, _MOST_TIMES_FILE * stored):
        raise InputError(
            f"{config_path} describes a network of {needed / 1e6:,.0f} MB, and {weights.name} has {stored / 1e6:,.1f} "
            "MB. They do not belong together: download or save the model again."
        )
