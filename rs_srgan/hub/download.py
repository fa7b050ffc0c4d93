"""Files of a model, from a folder, or from the Hub through its cache: complete, or not at all."""

import logging
import os
from functools import partial
from pathlib import Path

from huggingface_hub import HfApi, get_hf_file_metadata, hf_hub_download, hf_hub_url, try_to_load_from_cache
from huggingface_hub.errors import (
    EntryNotFoundError,
    FileMetadataError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RevisionNotFoundError,
)

from rs_srgan.errors import InputError, require_path
from rs_srgan.hub.errors import HUB_ERRORS, check_token, explained, in_plain_words
from rs_srgan.hub.files import COMMIT, HASH, describe_missing, has_hash

# Seconds to wait for an answer of the Hub. Slow connections take one or two.
_PATIENCE = 5

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
    """Return the path of one file of a model: in the folder `source`, or in the Hub's cache after a download.

    If the Hub does not answer, the cached file is used and a warning is logged. A file whose content does not have its
    hash, in the cache or after a download, is downloaded once more.

    Args:
        source: a folder, or a Hub id `organisation/name`.
        filename: name of the file.
        revision: branch, tag or commit on the Hub; None: the newest.
        token: token for private repositories; None: the one of `hf auth login`.
        cache_dir: folder for downloads; None: the Hub's own cache.
        force_download: download also a file that the cache holds.
        local_files_only: never use the network.

    Raises:
        InputError: there is no such folder, repository, revision or file; the Hub does not answer and the cache does
            not hold the file; a download is damaged twice; or the cache is not writable.
    """
    if cache_dir is not None:
        cache_dir = require_path("cache_dir", cache_dir)
    folder = Path(source)
    if folder.is_dir():
        path = folder / filename
        if not path.is_file():
            raise InputError(describe_missing(str(folder), filename, [each.name for each in folder.iterdir()]))
        return path
    repo = str(source)
    with in_plain_words(repo, revision):
        check_token(token)
        get = partial(hf_hub_download, repo, filename, revision=revision, token=token, cache_dir=cache_dir)
        known = COMMIT.fullmatch(revision or "") and try_to_load_from_cache(repo, filename, cache_dir, revision)
        away = None
        if not local_files_only and (force_download or not isinstance(known, str)):
            try:
                away = _find_failure(repo, filename, revision, token)
            except EntryNotFoundError:
                present = _list_files(repo, revision, token)
                raise InputError(describe_missing(f"{repo} on the Hub", filename, present)) from None
        if away and force_download:
            raise away
        path = _from_cache_or_hub(get, repo, revision, away, force_download, local_files_only)
        if away:
            # who sets HF_HUB_OFFLINE knows it
            level = logging.INFO if isinstance(away, OfflineModeIsEnabled) else logging.WARNING
            reason = explained(away, repo, revision)
            logger.log(level, "%s of %s is the cached one and may be old. %s", filename, repo, reason)
        if _is_whole(path):
            return path
        if local_files_only or away or _find_failure(repo, filename, revision, token):
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
    """Return the commit of a file that was fetched from the Hub: the name of its folder in the cache."""
    return path.parent.name


def _from_cache_or_hub(
    get: "partial[str]",
    repo: str,
    revision: str | None,
    away: Exception | None,
    force_download: bool,
    local_files_only: bool,
) -> Path:
    """Return the path that hf_hub_download gives, without asking the Hub if it is `away`."""
    try:
        return Path(get(force_download=force_download, local_files_only=local_files_only or away is not None))
    except LocalEntryNotFoundError:
        if away is None:
            raise
        if isinstance(away, HfHubHTTPError | FileMetadataError):
            raise away from None
        remedy = "It is not in the local cache; a bundled model (rs-srgan models) or a folder needs no network."
        raise InputError(f"{explained(away, repo, revision)} {remedy}") from None


def _find_failure(repo: str, filename: str, revision: str | None, token: str | bool | None) -> Exception | None:
    """Ask the Hub for a file and return the error if it does not answer, or None.

    hf_hub_download itself would try for 23 seconds before it reports that nobody answers.

    Raises:
        EntryNotFoundError: the repository has no such file.
        RevisionNotFoundError: the repository has no such revision.
        HFValidationError: the name is no Hub id.
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
    """Return whether a file of the cache has the content that the Hub announced, as far as can be told.

    The file is a link to a file that is named by its hash. Only the first link counts, because the next one may lead to
    a store with other names. Without links, or with a mirror that gives other names than hashes, the result is True.
    """
    name = Path(os.readlink(path)).name if path.is_symlink() else ""
    return not HASH.fullmatch(name) or has_hash(path, name)


def _list_files(repo: str, revision: str | None, token: str | bool | None) -> list[str]:
    files = HfApi(token=token).model_info(repo, revision=revision, timeout=10).siblings or []
    return [each.rfilename for each in files]
