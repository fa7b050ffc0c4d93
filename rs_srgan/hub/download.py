"""Files of a checkpoint: from a folder, or from the Hub by way of its cache, whole and at once or not at all."""

import hashlib
import logging
import os
import re
from functools import partial
from pathlib import Path

from huggingface_hub import HfApi, get_hf_file_metadata, hf_hub_download, hf_hub_url, try_to_load_from_cache
from huggingface_hub.errors import (
    EntryNotFoundError,
    FileMetadataError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RevisionNotFoundError,
)

from rs_srgan.errors import InputError
from rs_srgan.hub.errors import HUB_ERRORS, check_token, explained, in_plain_words

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
PICKLE_SUFFIXES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle")

# Seconds until a Hub that does not answer counts as away. Slow ones take one or two.
_PATIENCE = 5

COMMIT = re.compile(r"[0-9a-f]{40}")
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

logger = logging.getLogger(__name__)


def fetch(
    source: str | Path,
    filename: str,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_dir: str | Path | None = None,
    force_download: bool = False,
    local_files_only: bool = False,
) -> Path:
    """Path of one file of a checkpoint: in the folder `source`, or downloaded from the Hub repository of that name.

    Where the Hub cannot be reached, what the cache holds is taken, and a warning logged. A file that is not what its
    hash says, in the cache or as it arrived, is downloaded once again.

    Raises:
        InputError: no such folder, repository, revision or file, no network, a download that is damaged twice, or no
            folder for downloads.
    """
    folder = Path(source)
    if folder.is_dir():
        path = folder / filename
        if not path.is_file():
            raise InputError(_without(str(folder), filename, [each.name for each in folder.iterdir()]))
        return path
    repo = str(source)
    with in_plain_words(repo, revision):
        check_token(token)
        get = partial(hf_hub_download, repo, filename, revision=revision, token=token, cache_dir=cache_dir)
        known = COMMIT.fullmatch(revision or "") and try_to_load_from_cache(repo, filename, cache_dir, revision)
        away = None
        if not local_files_only and (force_download or not isinstance(known, str)):
            try:
                away = _why_away(repo, filename, revision, token)
            except EntryNotFoundError:
                raise InputError(_without(f"{repo} on the Hub", filename, _listed(repo, revision, token))) from None
        if away and force_download:
            raise away
        try:
            path = Path(get(force_download=force_download, local_files_only=local_files_only or away is not None))
        except LocalEntryNotFoundError:
            if away is None:
                raise
            if isinstance(away, HfHubHTTPError | FileMetadataError):
                raise away from None
            remedy = "It is not in the local cache; a bundled model (rs-srgan models) or a folder needs no network."
            raise InputError(f"{explained(away, repo, revision)} {remedy}") from None
        if away:
            why = explained(away, repo, revision)
            logger.warning("%s of %s is the cached one and may be old. %s", filename, repo, why)
        if _is_whole(path):
            return path
        if local_files_only or away or _why_away(repo, filename, revision, token):
            raise InputError(f"{path} is damaged. Load the model once with the Hub in reach: that downloads it anew.")
        logger.warning("%s is damaged; downloading it once again.", path)
        path = Path(get(force_download=True))
        if not _is_whole(path):
            path.resolve().unlink()
            path.unlink()
            raise InputError(
                f"{filename} of {repo} arrived damaged, twice: its hash is not the one that the Hub gives. "
                "Nothing was kept. A proxy may change it; try again, or over another network."
            )
    return path


def commit_of(path: Path) -> str:
    """The commit that a file which was fetched from the Hub is of: its folder in the cache."""
    return path.parent.name


def _why_away(repo: str, filename: str, revision: str | None, token: str | bool | None) -> Exception | None:
    """What keeps the Hub from answering, so that the cache has to do.

    Asked first, and once, because hf_hub_download asks for 23 seconds before it says that nobody is there.
    """
    try:
        found = get_hf_file_metadata(hf_hub_url(repo, filename, revision=revision), token=token, timeout=_PATIENCE)
        if found.commit_hash is None or found.etag is None:
            return FileMetadataError("without the headers of the Hub")
    except (EntryNotFoundError, RevisionNotFoundError, HFValidationError):
        raise
    except HUB_ERRORS as error:
        return error
    return None


def _is_whole(path: Path) -> bool:
    """Whether a file of the cache is what the Hub said it would be.

    It is a link to what is named by its hash. Only the first link counts, as the next may lead to a store with names of
    its own. Where the system knows no links, or a mirror gives other names than hashes, nothing tells.
    """
    name = Path(os.readlink(path)).name if path.is_symlink() else ""
    return not _HASH.fullmatch(name) or has_hash(path, name)


def has_hash(path: Path, expected: str) -> bool:
    """Whether a file has the hash that the Hub gives for it: SHA-256 of a large file, Git's SHA-1 of another."""
    with path.open("rb") as file:
        if len(expected) == 64:
            return hashlib.file_digest(file, "sha256").hexdigest() == expected
        content = file.read()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest() == expected


def _listed(repo: str, revision: str | None, token: str | bool | None) -> list[str]:
    files = HfApi(token=token).model_info(repo, revision=revision, timeout=10).siblings or []
    return [each.rfilename for each in files]


def _without(where: str, filename: str, there: list[str]) -> str:
    pickles = sorted(name for name in there if name.endswith(PICKLE_SUFFIXES))
    if pickles and WEIGHTS_FILE not in there:
        return (
            f"{where} holds {pickles[0]}, a pickle, which can run any code when opened. "
            f"Expected {WEIGHTS_FILE}: save the model with save_pretrained()."
        )
    return f"{where} has no {filename}; expected what save_pretrained() writes."
