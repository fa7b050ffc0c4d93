"""Push a model with its card and figures to the Hugging Face Hub."""

import logging
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rs_srgan.errors import InputError, require_path, shown
from rs_srgan.figures.metrics import METRICS_FILE, write_metrics
from rs_srgan.hub.repository import find_repository
from rs_srgan.hub.upload import Pushed, check_target, upload
from rs_srgan.models.checkpoint import HubModel
from rs_srgan.models.loading import load_model
from rs_srgan.publishing.about import About, read_about
from rs_srgan.publishing.card import PARTS_OF_TEXTS
from rs_srgan.publishing.contents import check_base, contents
from rs_srgan.publishing.describe import take_pictures
from rs_srgan.publishing.metrics_file import gather
from rs_srgan.publishing.ownership import refuse_foreign_model
from rs_srgan.publishing.staging import has_figures, stage

logger = logging.getLogger(__name__)


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
    strictly before anything is sent. What people wrote on the Hub stays: texts of about.toml that the folder leaves
    empty, edited sections and metadata of the card, and other files.

    Args:
        folder: folder with config.json, model.safetensors, README.md and metrics.json; training.json, about.toml,
            LICENSE and pictures/ are optional. `rs-srgan card` writes the card and the figures.
        repo: the repository, `organisation/name`; it is created if it does not exist.
        revision: a branch, created from main if it does not exist, or a pull request, `refs/pr/N`.
        private: whether a new repository is private; None for the organisation's default.
        pull_request: open a pull request instead of changing the branch.
        force: push without a card or figures, and over a model of another library. Figures of other weights are not
            sent, and are removed from the repository.
        dry_run: only log which files would be sent.
        token: access token; by default the token of `hf auth login`.
        message: message of the commit.

    Returns:
        address and files of the push.

    Raises:
        InputError: the folder should not be pushed, see `contents`, or the Hub or the network refused.
    """
    check_target(repo, revision, pull_request)
    folder = require_path("The model's folder", folder)
    files = contents(folder, repo, force)
    there = find_repository(repo, revision, token)
    if not force:
        refuse_foreign_model(there)
    about = read_about(folder)
    model = load_model(folder.resolve())
    with TemporaryDirectory() as work:
        name = about.name or folder.resolve().name
        staged = stage(files, there, model.fingerprint(), Path(work), about, name)
        return upload(
            staged.files,
            there,
            replaced_folder=staged.replaced_folder,
            removed=staged.removed,
            private=private,
            pull_request=pull_request,
            dry_run=dry_run,
            message=message,
        )


def push_model(
    model: HubModel,
    repo: str,
    *,
    reports: Sequence[str | Path] = (),
    commit_message: str | None = None,
    branch: str | None = None,
    create_pr: bool = False,
    private: bool | None = None,
    token: str | None = None,
    force: bool = False,
    tags: Sequence[str] = (),
    **texts: str | None,
) -> str:
    """Save a model, write its card, and push both.

    Args:
        model: the model.
        repo: `organisation/name`.
        reports: folders of evaluations of this model.
        commit_message: message of the commit; None: a default.
        branch: a branch, created if it does not exist, or `refs/pr/N`; None: main.
        create_pr: open a pull request instead of committing.
        private: whether a new repository is private; None: the organisation's default.
        token: token of the Hub; None: the one of `hf auth login`.
        force: push also without figures, or over a model of another library.
        tags: further tags of the card.
        texts: texts of the card, see `About`; None keeps what the Hub has.

    Returns:
        address of the model, or of the pull request.

    Raises:
        InputError: see `HubModel.push_to_hub`.
    """
    check_target(repo, branch, create_pr)
    if isinstance(reports, str | Path):
        raise InputError(f"reports is {str(reports)!r}; expected a list of folders: reports=[{str(reports)!r}].")
    if isinstance(tags, str) or not all(isinstance(tag, str) for tag in tags):
        raise InputError(f"tags is {shown(tags)}; expected a list of texts: tags=['moor'].")
    for key, text in {**texts, "commit_message": commit_message}.items():
        if text is not None and not isinstance(text, str):
            raise InputError(f"{key} is {shown(text)}; expected a text.")
    given = {key: text for key, text in texts.items() if text is not None}
    naming = 'write its id: model.config = dataclasses.replace(model.config, base_model="organisation/name")'
    check_base(model.config, "model.config", naming)
    own = About(name=repo, tags=tuple(tags), **given)
    folders = [Path(report) for report in reports]
    figures = gather(folders, model.fingerprint()) if folders else None
    there = find_repository(repo, branch, token)
    if not force:
        refuse_foreign_model(there)
    if figures is None and not force and not has_figures(there.file(METRICS_FILE), model.fingerprint()):
        raise InputError(
            f"There are no figures of these weights for {repo}, so nobody would know how good the model is. Evaluate "
            "the model and give the folders of the reports (reports=[...]), or push without figures (force=True)."
        )
    with TemporaryDirectory() as work:
        folder, staging = Path(work) / "model", Path(work) / "staging"
        staging.mkdir()
        model.save_pretrained(folder)
        if figures is not None:
            write_metrics(figures, folder / METRICS_FILE)
            take_pictures([report if report.is_dir() else report.parent for report in folders], folder)
        files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        replaced = [part for key in given for part in PARTS_OF_TEXTS.get(key, ())]
        staged = stage(files, there, model.fingerprint(), staging, own, repo, replaced)
        if not staged.about.license:
            logger.warning("The card names no licence, so nobody may use the model. Push it again with license='...'.")
        return upload(
            staged.files,
            there,
            replaced_folder=staged.replaced_folder,
            removed=staged.removed,
            private=private,
            pull_request=create_pr,
            message=commit_message,
        ).url
