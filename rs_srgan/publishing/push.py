"""Push a model with its card and figures to the Hugging Face Hub."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rs_srgan.hub.upload import Pushed, check_target, upload
from rs_srgan.models.checkpoint import HubModel
from rs_srgan.publishing.card import PICTURES_FOLDER
from rs_srgan.publishing.contents import contents
from rs_srgan.publishing.describe import describe


def push(
    folder: str | Path,
    repo: str,
    *,
    revision: str | None = None,
    private: bool | None = None,
    pull_request: bool = False,
    force: bool = False,
    dry_run: bool = False,
    token: str | None = None,
    message: str | None = None,
) -> Pushed:
    """Push a model's folder to the Hub: the model, its card, figures and pictures.

    Only files that changed are sent, in one commit on top of the repository's present content. The model is loaded
    strictly before anything is sent.

    Args:
        folder: folder with config.json, model.safetensors, README.md and metrics.json; training.json, about.toml,
            LICENSE and pictures/ are optional. `rs-srgan card` writes the card and the figures.
        repo: the repository, `organisation/name`; it is created if it does not exist.
        revision: a branch, created from main if it does not exist, or a pull request, `refs/pr/N`.
        private: whether a new repository is private; None for the organisation's default.
        pull_request: open a pull request instead of changing the branch.
        force: push without checking the card and the figures.
        dry_run: only log which files would be sent.
        token: access token; by default the token of `hf auth login`.
        message: message of the commit.

    Returns:
        address and files of the push.

    Raises:
        InputError: the folder should not be pushed, see `contents`, or the Hub or the network refused.
    """
    check_target(repo, revision, pull_request)
    return upload(
        contents(Path(folder), repo, force),
        repo,
        replaced_folder=PICTURES_FOLDER,
        revision=revision,
        private=private,
        pull_request=pull_request,
        dry_run=dry_run,
        token=token,
        message=message,
    )


def push_model(
    model: HubModel,
    repo: str,
    *,
    reports: Sequence[str | Path] = (),
    **options: Any,  # noqa: ANN401
) -> str:
    """Save a model, write its card, and push both.

    Args:
        model: the model.
        repo: `organisation/name`.
        reports: folders of evaluations of this model.
        options: options of `push`.

    Returns:
        address of the model, or of the pull request.

    Raises:
        InputError: see `HubModel.push_to_hub`.
    """
    with TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        describe(folder, reports=reports, name=repo)
        return push(folder, repo, **options).url
