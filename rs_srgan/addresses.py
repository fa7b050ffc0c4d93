"""Addresses as people and files may see them: without user, password, signature, and other parameters."""

import hashlib
import re
from urllib.parse import parse_qsl

# A scheme, or one of GDAL's file systems, then all up to a space or a quotation mark. Paths lose one of two slashes.
# A scheme has at most 31 characters here, else a hostile name of 100,000 letters takes a minute.
_ADDRESS = re.compile(r"""(?:[a-zA-Z][\w+.-]{1,30}:/{1,2}|/vsi\w+[/?])[^\s'"]*""")
_USER = re.compile(r"(:/{1,2})[^/?#]*@")
_PARAMETERS = re.compile(r"\?.*")
_HIDDEN = "?..."
# Parameters with these words in their names differ with each signature, or are secret.
_PASSING = re.compile(
    r"^(x-amz|x-goog|x-ms)-|sign|token|secret|passw|key|auth|credential|policy|expires"
    # Azure's shared access signatures. Source: Microsoft's reference, "Create a service SAS".
    r"|^(sv|st|se|sr|sp|sip|spr|sig|ss|srt|skoid|sktid|skt|ske|sks|skv)$",
    re.I,
)


def without_secrets(text: str) -> str:
    """Return a text whose addresses have neither user nor password, and "..." instead of parameters."""
    return _ADDRESS.sub(lambda found: _PARAMETERS.sub(_HIDDEN, _USER.sub(r"\1", found[0])), text)


def identity_of(address: str) -> str:
    """Return an address without secrets that still differs from the address of another file.

    Parameters that are no signature become a checksum. So a file has one identity, however often it is signed.
    """
    known = [pair for pair in parse_qsl(address.partition("?")[2]) if not _PASSING.search(pair[0])]
    checksum = hashlib.sha256(repr(known).encode()).hexdigest()[:8] if known else ""
    return f"{without_secrets(address)}{checksum}"


def is_item(source: str) -> bool:
    """Return whether a source is the address of an item in a STAC catalogue."""
    return source.startswith(("http://", "https://")) and "/collections/" in source and "/items/" in source
