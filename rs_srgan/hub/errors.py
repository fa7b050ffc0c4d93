"""Errors of the Hugging Face Hub as messages that say what to do. They never contain a token."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from huggingface_hub import constants, get_token
from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError, of httpx or, from version 2, httpx2
    EntryNotFoundError,
    FileMetadataError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    LocalEntryNotFoundError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from rs_srgan.errors import InputError

LOG_IN = "Log in: hf auth login, or set HF_TOKEN."
# Errors that huggingface_hub raises; HfHubHTTPError and OfflineModeIsEnabled are among them.
_CACHE_REMEDY = "Name a writable folder: HF_HOME, or cache_dir."
HUB_ERRORS = (HTTPError, HFValidationError, OSError)


@contextmanager
def in_plain_words(repo: str, revision: str | None = None) -> Iterator[None]:
    """Turn errors of the Hub, the network and the cache into an InputError, within a `with` block.

    Args:
        repo: Hub id, for the message.
        revision: branch, tag or commit, for the message.

    Raises:
        InputError: the block raised one of HUB_ERRORS, or found no home folder for the cache.
    """
    try:
        yield
    except HUB_ERRORS as error:
        raise explained(error, repo, revision) from None
    except RuntimeError as error:  # of pathlib, for a user without a home folder, as in containers
        if not os.environ.get("HF_HOME") and "home" in str(error):
            raise InputError(f"{repo}: there is no cache, because you have no home folder. {_CACHE_REMEDY}") from None
        raise


def explained(error: Exception, repo: str, revision: str | None = None) -> InputError:
    """Return an InputError that explains an error of the Hub.

    It leaves out the texts of transport errors: the one for an invalid header quotes the token.

    Args:
        error: the error.
        repo: Hub id, for the message.
        revision: branch, tag or commit, for the message.
    """
    where = f"{repo}@{revision}" if revision else repo
    match error:
        case HFValidationError():
            text = f"{where!r} is no Hub id; expected organisation/name, and a branch, tag or commit as revision."
        case LocalTokenNotFoundError():
            text = f"{where} needs a token, but there is none. {LOG_IN}"
        case GatedRepoError():
            text = f"{where}: accept its terms on the Hub first, then log in: hf auth login."
        case RevisionNotFoundError():
            text = f"{repo} has no revision {revision or 'main'!r} on the Hub. Leave the revision out for the newest."
        case RepositoryNotFoundError():
            text = f"No model {repo!r} on the Hub, or it is private: check its name, or log in with hf auth login."
        case LocalEntryNotFoundError():
            text = (
                f"{where} is not in the local cache, and local_files_only forbids a download. "
                "Leave local_files_only out."
            )
        case EntryNotFoundError():
            text = f"{where} on the Hub lacks a requested file. Check the revision."
        case HfHubHTTPError():
            text = f"{where}: {_refusal(error)}"
        case OfflineModeIsEnabled():
            text = f"{where}: HF_HUB_OFFLINE is set, so the Hub is not asked. Unset it."
        case FileMetadataError():
            text = f"The server at {constants.ENDPOINT} is not the Hub. Check HF_ENDPOINT and your proxy."
        case OSError(errno=number) if number is not None:
            text = (
                f"The cache of Hugging Face cannot be used ({error.filename or where}: {error.strerror}). "
                f"Make room there. {_CACHE_REMEDY}"
            )
        case OSError():
            text = f"{where} did not arrive whole. Try again; if that does not help, check your proxy."
        case _:
            failed = f"the connection to {_asked(error)} failed ({type(error).__name__})"
            text = f"{where}: {failed}. Check your network."
    return InputError(text)


def _asked(error: Exception) -> str:
    """Return the name of the server: the Hub, or the storage that the Hub redirects downloads and uploads to."""
    try:
        made = error.response if isinstance(error, HfHubHTTPError) else error.request  # type: ignore[attr-defined]
        address = urlsplit(str(made.url))
    except (AttributeError, RuntimeError):  # no request was sent
        return f"the Hub at {constants.ENDPOINT}"
    if address.netloc == urlsplit(constants.ENDPOINT).netloc:
        return f"the Hub at {constants.ENDPOINT}"
    return f"the Hub's storage at {address.scheme}://{address.netloc}"


def _refusal(error: HfHubHTTPError) -> str:
    status, asked = error.response.status_code, _asked(error)
    if asked.startswith("the Hub's storage") and status in (401, 403):
        return f"{asked} refuses ({status}), though the Hub sent us there. Try again; then check your proxy."
    match status:
        case 401:
            return f"the Hub does not accept your token (401). {LOG_IN}"
        case 403:
            return (
                "your token does not permit that (403). Create one that does: https://huggingface.co/settings/tokens."
            )
        case 412:
            return "somebody else pushed in the meantime (412). Look at their commit, then push again."
        case 429:
            return "you sent the Hub too many requests (429). Wait some minutes, or log in: hf auth login."
    if status >= 500:
        return f"the Hub has an internal problem ({status}). Try again in some minutes: https://status.huggingface.co."
    said = (error.server_message or "").strip().splitlines()
    return f"the Hub refuses ({status}{': ' + said[0] if said else ''})."


def check_token(token: str | bool | None) -> None:
    """Check the token before a library quotes it in an error of its own.

    Args:
        token: the token; None: the one of `hf auth login`; False: no token.

    Raises:
        InputError: the token has characters that a header cannot have.
    """
    if token is not None and not isinstance(token, str | bool):
        raise InputError(f"The token is of type {type(token).__name__}; expected a string, None or False. {LOG_IN}")
    sent = token if isinstance(token, str) else (None if token is False else get_token())
    if sent is not None and not (sent.isascii() and sent.isprintable() and " " not in sent):
        raise InputError(f"The token has spaces or characters that no token has. {LOG_IN}")
