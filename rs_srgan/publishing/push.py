"""Pushing a model with its card and figures to the Hugging Face Hub."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

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
    """Push a model's folder to the Hub: the model, its card, figures and pictures, and of these only what changed.

    All is one commit on top of what the repository holds. Nothing is sent before the model has been loaded, strictly.

    Args:
        folder: with config.json, model.safetensors, README.md, metrics.json, and if wanted training.json, about.toml,
            LICENSE and pictures/. `rs-srgan card` writes the card and the figures.
        repo: `organisation/name`; made where it does not exist.
        revision: a branch, made from main where it does not exist, or a pull request, `refs/pr/N`.
        private: of a repository that is made: True, False, or None for what the organisation has set.
        pull_request: ask for the change instead of making it.
        force: also without a card or figures.
        dry_run: only say what would be sent.
        token: by default the one of `hf auth login`.
        message: of the commit.

    Raises:
        InputError: a folder that should not be pushed, see `contents`, or what the Hub or the network refuse.
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
    revision: str | None = None,
    private: bool | None = None,
    pull_request: bool = False,
    force: bool = False,
    token: str | None = None,
    message: str | None = None,
) -> str:
    """Save a model, write its card, and push both; see `HubModel.push_to_hub` for the arguments.

    Returns:
        the address of the model, or of the pull request.
    """
    with TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        describe(folder, reports=reports, name=repo)
        pushed = push(
            folder,
            repo,
            revision=revision,
            private=private,
            pull_request=pull_request,
            force=force,
            token=token,
            message=message,
        )
    return pushed.url
