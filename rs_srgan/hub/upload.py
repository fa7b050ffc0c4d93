"""Upload files to a repository of the Hugging Face Hub: only changed files, as one commit."""

import logging
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from huggingface_hub import CommitOperationAdd, CommitOperationDelete

from rs_srgan.errors import InputError
from rs_srgan.hub.errors import HUB_ERRORS, explained, in_plain_words
from rs_srgan.hub.files import COMMIT, has_hash
from rs_srgan.hub.repository import Repository, find_repository
from rs_srgan.version import __version__

_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pushed:
    """Result of a push, or of a dry run.

    Attributes:
        url: address of the model, or of the pull request.
        sent: paths of new and changed files.
        removed: paths of pictures of an earlier push that are no longer in the folder.
        unchanged: paths of all other files.
    """

    url: str
    sent: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]


def check_target(repo: str, revision: str | None, pull_request: bool) -> None:
    """Check the target of an upload, before any work is done.

    Args:
        repo: Hub id.
        revision: branch or pull request, see `upload`.
        pull_request: whether a pull request is to be opened.

    Raises:
        InputError: `repo` is no Hub id, nothing can be pushed to the revision, or both a pull request and a revision
            are given.
    """
    if not isinstance(repo, str) or not _REPO.fullmatch(repo):
        raise InputError(f"{repo!r} is no Hub id; expected organisation/name.")
    if revision is not None and (not revision or COMMIT.fullmatch(revision)):
        raise InputError(f"Nothing can be pushed to the revision {revision!r}; expected a branch or refs/pr/N.")
    if pull_request and revision is not None:
        raise InputError("A pull request is always made to main: give either pull_request or a revision.")


def upload(
    files: Mapping[str, Path],
    repo: str | Repository,
    *,
    replaced_folder: str | None = None,
    removed: Sequence[str] = (),
    revision: str | None = None,
    private: bool | None = None,
    pull_request: bool = False,
    dry_run: bool = False,
    token: str | None = None,
    message: str | None = None,
) -> Pushed:
    """Upload files as one commit on top of what the repository holds; files that did not change are not sent.

    Args:
        files: paths on the disk by their paths in the repository.
        repo: `organisation/name`, created if it does not exist; or the repository as it was found, which nobody may
            have changed in the meantime. `revision` and `token` are then those that it was found with.
        replaced_folder: folder of the repository whose other files are removed; None: no folder.
        removed: paths of further files to remove, if they are there.
        revision: a branch, created from main if it does not exist, or a pull request, `refs/pr/N`.
        private: whether a new repository is private; None: the organisation's default.
        pull_request: open a pull request instead of committing to main.
        dry_run: report the changes and send nothing.
        token: token of the Hub; None: the one of `hf auth login`.
        message: message of the commit; None: a default.

    Raises:
        InputError: see `check_target`; or the Hub or the network refuses.
    """
    if isinstance(repo, str):
        check_target(repo, revision, pull_request)
        repo = find_repository(repo, revision, token)
    revision = repo.revision
    with in_plain_words(repo.id, revision):
        if repo.exists and private and not repo.private:
            raise InputError(
                f"{repo.id} exists already, and is public. Make it private in its settings on the Hub first."
            )
        if not repo.exists and not dry_run:
            repo.api.create_repo(repo.id, private=private, exist_ok=True)
            repo = find_repository(repo.id, revision, repo.token)
        hashes = repo.hashes
        sent = [name for name, path in files.items() if name not in hashes or not has_hash(path, hashes[name])]
        gone = [
            name
            for name in hashes
            if name not in files
            and (name in removed or (replaced_folder is not None and name.startswith(f"{replaced_folder}/")))
        ]
        for name in sent:
            logger.info("%s %s, %s", "changed" if name in hashes else "new", name, _size(files[name]))
        for name in gone:
            logger.info("removed %s", name)
        unchanged = tuple(name for name in files if name not in sent)
        logger.info("unchanged: %s", ", ".join(unchanged) or "nothing")
        url = f"{repo.api.endpoint}/{repo.id}" + (f"/tree/{quote(revision, safe='')}" if revision else "")
        if not dry_run:
            if revision is not None and not repo.has_revision:
                repo.api.create_branch(repo.id, branch=revision, exist_ok=True)
            if sent or gone:
                operations = [CommitOperationAdd(name, files[name]) for name in sent]
                text = message or f"Model, pushed by rs_srgan {__version__}"
                url = _commit(repo, operations, gone, text, pull_request) or url
    return Pushed(url, tuple(sent), tuple(gone), unchanged)


def _commit(
    repo: Repository,
    additions: list[CommitOperationAdd],
    removed: list[str],
    message: str,
    pull_request: bool,
) -> str | None:
    """Commit, and return the address of the pull request, or None."""
    try:
        with warnings.catch_warnings():
            # huggingface_hub passes bytes to httpx in an old way: an error where users turn warnings into errors
            warnings.filterwarnings("ignore", "Use 'content=", DeprecationWarning)
            commit = repo.api.create_commit(
                repo.id,
                [*additions, *(CommitOperationDelete(name) for name in removed)],
                commit_message=message,
                revision=repo.revision,
                create_pr=pull_request,
                parent_commit=repo.head,
            )
    except RuntimeError as error:  # raised for a thread that uploads; its error is the cause
        if isinstance(error.__cause__, HUB_ERRORS):
            raise explained(error.__cause__, repo.id, repo.revision) from None
        raise
    except ValueError as error:
        raise InputError(f"The Hub refuses the files: {' '.join(str(error).split())}") from None
    return commit.pr_url


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"
