"""Upload files to a repository of the Hugging Face Hub: only changed files, as one commit."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, ModelInfo, get_token
from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.hf_api import RepoFile

from rs_srgan.errors import InputError
from rs_srgan.hub.errors import HUB_ERRORS, LOG_IN, check_token, explained, in_plain_words
from rs_srgan.hub.files import COMMIT, has_hash
from rs_srgan.version import __version__

_REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_MAIN = "main"

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
    if not _REPO.fullmatch(repo):
        raise InputError(f"{repo!r} is no Hub id; expected organisation/name.")
    if revision is not None and (not revision or COMMIT.fullmatch(revision)):
        raise InputError(f"Nothing can be pushed to the revision {revision!r}; expected a branch or refs/pr/N.")
    if pull_request and revision is not None:
        raise InputError("A pull request is always made to main: give either pull_request or a revision.")


def upload(
    files: Mapping[str, Path],
    repo: str,
    *,
    replaced_folder: str,
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
        repo: `organisation/name`; created if it does not exist.
        replaced_folder: folder of the repository whose other files are removed.
        revision: a branch, created from main if it does not exist, or a pull request, `refs/pr/N`.
        private: whether a new repository is private; None: the organisation's default.
        pull_request: open a pull request instead of committing to main.
        dry_run: report the changes and send nothing.
        token: token of the Hub; None: the one of `hf auth login`.
        message: message of the commit; None: a default.

    Raises:
        InputError: see `check_target`; or the Hub or the network refuses.
    """
    check_target(repo, revision, pull_request)
    with in_plain_words(repo, revision):
        check_token(token)
        if (token or get_token()) is None:
            raise InputError(f"Pushing to {repo} needs a token. {LOG_IN}")
        api = HfApi(token=token, library_name="rs_srgan", library_version=__version__)
        there = _repository(api, repo)
        if there is not None and private and not there.private:
            raise InputError(f"{repo} exists already, and is public. Make it private in its settings on the Hub first.")
        if there is None and not dry_run:
            api.create_repo(repo, private=private, exist_ok=True)
        exists, head, hashes = _state(api, repo, revision or _MAIN, there is not None or not dry_run)
        sent = [name for name, path in files.items() if name not in hashes or not has_hash(path, hashes[name])]
        removed = [name for name in hashes if name.startswith(f"{replaced_folder}/") and name not in files]
        for name in sent:
            logger.info("%s %s, %s", "changed" if name in hashes else "new", name, _size(files[name]))
        for name in removed:
            logger.info("removed %s", name)
        unchanged = tuple(name for name in files if name not in sent)
        logger.info("unchanged: %s", ", ".join(unchanged) or "nothing")
        url = f"{api.endpoint}/{repo}" + (f"/tree/{quote(revision, safe='')}" if revision else "")
        if not dry_run:
            if revision is not None and not exists:
                api.create_branch(repo, branch=revision, exist_ok=True)
            if sent or removed:
                operations = [CommitOperationAdd(name, files[name]) for name in sent]
                text = message or f"Model, pushed by rs_srgan {__version__}"
                url = _commit(api, repo, operations, removed, text, revision, pull_request, head) or url
    return Pushed(url, tuple(sent), tuple(removed), unchanged)


def _repository(api: HfApi, repo: str) -> ModelInfo | None:
    try:
        return api.model_info(repo)
    except RepositoryNotFoundError:
        return None


def _state(api: HfApi, repo: str, revision: str, exists: bool) -> tuple[bool, str | None, dict[str, str]]:
    """Return whether a revision exists, its commit, and the hash of each file; those of main for a new branch."""
    if not exists:
        return False, None, {}
    found = True
    try:
        head = api.model_info(repo, revision=revision).sha
    except RevisionNotFoundError:
        if revision.startswith("refs/"):
            raise
        found, head = False, api.model_info(repo).sha
    entries = api.list_repo_tree(repo, recursive=True, revision=head)
    hashes = {
        each.path: each.lfs.sha256 if each.lfs else each.blob_id for each in entries if isinstance(each, RepoFile)
    }
    return found, head, hashes


def _commit(
    api: HfApi,
    repo: str,
    additions: list[CommitOperationAdd],
    removed: list[str],
    message: str,
    revision: str | None,
    pull_request: bool,
    head: str | None,
) -> str | None:
    """Commit, and return the address of the pull request, or None."""
    try:
        commit = api.create_commit(
            repo,
            [*additions, *(CommitOperationDelete(name) for name in removed)],
            commit_message=message,
            revision=revision,
            create_pr=pull_request,
            parent_commit=head,
        )
    except RuntimeError as error:  # raised for a thread that uploads; its error is the cause
        if isinstance(error.__cause__, HUB_ERRORS):
            raise explained(error.__cause__, repo, revision) from None
        raise
    except ValueError as error:
        raise InputError(f"The Hub refuses the files: {' '.join(str(error).split())}") from None
    return commit.pr_url


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"
