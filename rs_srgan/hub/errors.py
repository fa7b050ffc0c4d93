"""What goes wrong with the Hugging Face Hub, in words that say what to do. No token is ever in them."""

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
# What huggingface_hub raises; HfHubHTTPError and OfflineModeIsEnabled are among them.
HUB_ERRORS = (HTTPError, HFValidationError, OSError)


@contextmanager
def in_plain_words(repo: str, revision: str | None = None) -> Iterator[None]:
    """Within it, what the Hub, the network or the cache raise becomes an InputError.

    Raises:
        InputError: anything of that.
    """
    try:
        yield
    except HUB_ERRORS as error:
        raise explained(error, repo, revision) from None


def explained(error: Exception, repo: str, revision: str | None = None) -> InputError:
    """The error that says so to people.

    The texts of transport errors are left out, since that for a header that cannot be sent quotes the token.
    """
    where = f"{repo}@{revision}" if revision else repo
    match error:
        case HFValidationError():
            text = f"{where!r} is no Hub id; expected organisation/name, and a branch, tag or commit as revision."
        case LocalTokenNotFoundError():
            text = f"{where} was to be read with your token, but there is none. {LOG_IN}"
        case GatedRepoError():
            text = f"{where}: accept its terms on the Hub first, then log in: hf auth login."
        case RevisionNotFoundError():
            text = f"{repo} has no revision {revision or 'main'!r} on the Hub. Without one, the newest is taken."
        case RepositoryNotFoundError():
            text = f"No model {repo!r} on the Hub, or it is private: check its name, or log in with hf auth login."
        case LocalEntryNotFoundError():
            text = (
                f"{where} is not in the local cache, and only that was to be used. "
                "Without local_files_only it is downloaded."
            )
        case EntryNotFoundError():
            text = f"{where} on the Hub lacks a file that was asked for."
        case HfHubHTTPError():
            text = f"{where}: {_refusal(error)}"
        case OfflineModeIsEnabled():
            text = f"{where}: the Hub is not asked while HF_HUB_OFFLINE is set. Unset it."
        case FileMetadataError():
            text = f"What answers at {constants.ENDPOINT} is not the Hub. Look at HF_ENDPOINT and at your proxy."
        case OSError(errno=number) if number is not None:
            text = (
                f"The cache of Hugging Face cannot be used ({error.filename or where}: {error.strerror}). "
                "Make room there, or name a folder that can be written to: HF_HOME, or cache_dir."
            )
        case OSError():
            text = f"{where} did not arrive whole. Try again; if that does not help, look at the proxy."
        case _:
            failed = f"the connection to {_asked(error)} failed ({type(error).__name__})"
            text = f"{where}: {failed}. Look at your network."
    return InputError(text)


def _asked(error: Exception) -> str:
    """Who was: the Hub, or the storage that it sends downloads and uploads to."""
    try:
        made = error.response if isinstance(error, HfHubHTTPError) else error.request  # type: ignore[attr-defined]
        address = urlsplit(str(made.url))
    except (AttributeError, RuntimeError):  # nothing was asked
        return f"the Hub at {constants.ENDPOINT}"
    if address.netloc == urlsplit(constants.ENDPOINT).netloc:
        return f"the Hub at {constants.ENDPOINT}"
    return f"the Hub's storage at {address.scheme}://{address.netloc}"


def _refusal(error: HfHubHTTPError) -> str:
    status, asked = error.response.status_code, _asked(error)
    if asked.startswith("the Hub's storage") and status in (401, 403):
        return f"{asked} refuses ({status}), though the Hub sent us there. Try again; then look at your proxy."
    match status:
        case 401:
            return f"the Hub does not know your token (401). {LOG_IN}"
        case 403:
            return (
                "your token gives no right to that (403). Take one with more: https://huggingface.co/settings/tokens."
            )
        case 412:
            return "somebody else pushed in the meantime (412). Look at what they did, then push again."
        case 429:
            return "you asked the Hub too often (429). Wait some minutes, and log in if you have not: hf auth login."
    if status >= 500:
        return f"the Hub has a problem of its own ({status}). Try again in some minutes: https://status.huggingface.co."
    said = (error.server_message or "").strip().splitlines()
    return f"the Hub refuses ({status}{': ' + said[0] if said else ''})."


def check_token(token: str | bool | None) -> None:
    """Raise where what would be sent can be no token, before a library quotes it in its own error.

    Raises:
        InputError: it has characters that no header can have.
    """
    sent = token if isinstance(token, str) else (None if token is False else get_token())
    if sent is not None and not (sent.isascii() and sent.isprintable() and " " not in sent):
        raise InputError(f"The token has spaces or characters that no token has. {LOG_IN}")
