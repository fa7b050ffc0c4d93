"""`Repository`: a model repository of the Hugging Face Hub as it is, read before anything is changed."""

from dataclasses import dataclass, field
from pathlib import Path

from huggingface_hub import HfApi, ModelInfo, get_token
from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.hf_api import RepoFile

from rs_srgan.errors import InputError
from rs_srgan.hub.download import fetch
from rs_srgan.hub.errors import LOG_IN, check_token, in_plain_words
from rs_srgan.version import __version__

_MAIN = "main"


@dataclass(frozen=True)
class Repository:
    """A repository at one commit.

    Attributes:
        api: the connection to the Hub.
        id: Hub id.
        revision: branch or pull request that is asked for; None: main.
        token: token of the Hub; None: the one of `hf auth login`.
        exists: whether the repository exists.
        private: whether it is private.
        has_revision: whether the revision exists; if not, the files are those of main.
        head: the commit; None without a repository.
        hashes: the hash of each file, by its path.
    """

    api: HfApi = field(repr=False)
    id: str
    revision: str | None
    token: str | None = field(repr=False)
    exists: bool
    private: bool
    has_revision: bool
    head: str | None
    hashes: dict[str, str]

    def file(self, name: str) -> Path | None:
        """Return where a file of this commit is on the disk, after a download; None if there is none.

        Raises:
            InputError: the Hub or the network refuses.
        """
        return fetch(self.id, name, revision=self.head, token=self.token) if name in self.hashes else None

    def read(self, name: str) -> bytes | None:
        """Return the content of a file of this commit; None if there is none. See `file`."""
        path = self.file(name)
        return None if path is None else path.read_bytes()


def find_repository(repo: str, revision: str | None = None, token: str | None = None) -> Repository:
    """Look a repository up, which need not exist, to push to it.

    Args:
        repo: Hub id.
        revision: branch, which need not exist, or pull request; None: main.
        token: token of the Hub; None: the one of `hf auth login`.

    Raises:
        InputError: there is no token, the pull request does not exist, or the Hub or the network refuses.
    """
    with in_plain_words(repo, revision):
        check_token(token)
        if (token or get_token()) is None:
            raise InputError(f"Pushing to {repo} needs a token. {LOG_IN}")
        api = HfApi(token=token, library_name="rs_srgan", library_version=__version__)
        there = _info(api, repo)
        if there is None:
            return Repository(api, repo, revision, token, False, False, False, None, {})
        found, head, hashes = _state(api, repo, revision or _MAIN)
        return Repository(api, repo, revision, token, True, bool(there.private), found, head, hashes)


def _info(api: HfApi, repo: str) -> ModelInfo | None:
    try:
        return api.model_info(repo)
    except RepositoryNotFoundError:
        return None


def _state(api: HfApi, repo: str, revision: str) -> tuple[bool, str | None, dict[str, str]]:
    """Return whether a revision exists, its commit, and the hash of each file; those of main for a new branch."""
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
