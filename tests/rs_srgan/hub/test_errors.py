"""Errors of the Hub, the network and the cache, as messages in one line."""

import errno
import traceback

import pytest
from huggingface_hub import errors, get_session
from huggingface_hub.utils import hf_raise_for_status

from rs_srgan import InputError
from rs_srgan.hub.errors import check_token, explained, in_plain_words
from tests.rs_srgan.hub import server

NAME = "organisation/model"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.HFValidationError(), [f"'{NAME}@v1'", "organisation/name"]),
        (errors.LocalTokenNotFoundError(), ["token", "HF_TOKEN"]),
        (errors.LocalEntryNotFoundError("no"), ["cache", "local_files_only"]),
        (errors.OfflineModeIsEnabled("no"), ["HF_HUB_OFFLINE"]),
        (errors.FileMetadataError("no"), ["HF_ENDPOINT", "proxy"]),
        (errors.HTTPError("no"), ["HTTPError", "network"]),
        (OSError(errno.ENOSPC, "No space left on device", "/cache/a"), ["/cache/a", "No space left", "HF_HOME"]),
        (OSError(errno.EACCES, "Permission denied"), [f"{NAME}@v1", "Permission denied", "HF_HOME"]),
        (OSError("Consistency check failed"), [f"{NAME}@v1", "whole", "proxy"]),
    ],
)
def test_an_error_becomes_one_line_with_its_remedy(error, words):
    text = str(explained(error, NAME, "v1"))
    assert [word for word in words if word not in text] == []
    assert "\n" not in text


def ask(address):
    hf_raise_for_status(get_session().get(address))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, ["401", "hf auth login"]),
        (403, ["403", "huggingface.co/settings/tokens"]),
        (412, ["412", "push again"]),
        (418, ["418", "the Hub refuses"]),
        (429, ["429", "Wait"]),
        (500, ["500", "status.huggingface.co"]),
    ],
)
def test_a_status_of_the_hub_has_its_own_remedy(hub, status, words):
    hub.faults["resolve config.json"] = server.status(status)
    with pytest.raises(InputError) as refused, in_plain_words(NAME):
        ask(f"{hub.url}/{NAME}/resolve/main/config.json")
    text = str(refused.value)
    assert text.startswith(f"{NAME}: ")
    assert [word for word in words if word not in text] == []
    assert "\n" not in text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("none/none/resolve/main/a", ["none/none", "private", "hf auth login"]),
        (f"{NAME}/resolve/v9/config.json", ["'v9'", "newest"]),
        (f"{NAME}/resolve/main/none.json", [f"{NAME}@v9", "lacks"]),
        ("organisation/gated/resolve/main/config.json", ["terms", "hf auth login"]),
    ],
)
def test_a_missing_or_closed_place_is_named(hub, path, words):
    hub.add(NAME, {"config.json": b"{}"})
    hub.add("organisation/gated", {"config.json": b"{}"}, gated=True)
    with pytest.raises(InputError) as refused, in_plain_words("none/none" if path.startswith("none") else NAME, "v9"):
        ask(f"{hub.url}/{path}")
    assert [word for word in words if word not in str(refused.value)] == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_storage_that_refuses_is_told_from_the_hub(hub, status):
    hub.faults["abc"] = server.status(status)
    with pytest.raises(InputError, match="storage") as refused, in_plain_words(NAME):
        ask(f"{hub.storage}/storage/abc")
    assert hub.storage in str(refused.value) and f"({status})" in str(refused.value)
    assert "token" not in str(refused.value)


def test_the_texts_of_transport_errors_are_left_out():
    """The text for an invalid header quotes the token."""
    with pytest.raises(InputError) as refused, in_plain_words(NAME):
        raise errors.HTTPError("Illegal header value b'Bearer hf_secret'")
    assert "hf_secret" not in "".join(traceback.format_exception(refused.value))


def test_other_errors_pass_as_they_are():
    with pytest.raises(ZeroDivisionError), in_plain_words(NAME):
        raise ZeroDivisionError


@pytest.mark.parametrize("token", ["hf_with space", "hf_line\nbreak", "hf_é", "hf_\0"])
def test_a_token_that_no_header_can_have_is_refused_and_not_quoted(token):
    with pytest.raises(InputError, match="HF_TOKEN") as refused:
        check_token(token)
    assert token not in str(refused.value)


@pytest.mark.parametrize("token", ["hf_with space", "hf_é"])
def test_the_token_of_the_environment_is_checked_if_none_is_given(monkeypatch, token):
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(InputError, match="HF_TOKEN") as refused:
        check_token(None)
    assert token not in str(refused.value)


def test_a_token_that_is_not_used_is_not_checked(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_with space")
    check_token(False)
    check_token("hf_plain")


def test_a_user_without_a_home_folder_learns_of_hf_home(monkeypatch):
    monkeypatch.delenv("HF_HOME", raising=False)
    with pytest.raises(InputError, match="HF_HOME"), in_plain_words(NAME):
        raise RuntimeError("Could not determine home directory.")  # as pathlib says it
    with pytest.raises(RuntimeError), in_plain_words(NAME):
        raise RuntimeError("a bug")
