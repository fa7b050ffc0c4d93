"""Addresses without secrets."""

import pytest

from rs_srgan.addresses import identity_of, is_item, without_secrets
from rs_srgan.errors import InputError, ReadError

SIGNED = "https://store.example/a/b.tif?X-Amz-Credential=me&X-Amz-Signature=hush"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:hush@host/a.tif", "https://host/a.tif"),
        ("https://me:hu@sh@host:8080/a.tif is damaged", "https://host:8080/a.tif is damaged"),
        (
            "'/vsicurl/https://me:hush@host/a.tif?sig=hush' not recognized",
            "'/vsicurl/https://host/a.tif?...' not recognized",
        ),
        ("ftp:/me:hush@host/a.tif does not exist", "ftp:/host/a.tif does not exist"),
        ("C:/data/me@home/a.tif", "C:/data/me@home/a.tif"),
        ("/vsicurl?header.Authorization=hush&url=https://host/a.tif", "/vsicurl?..."),
        (f"{SIGNED} and s3://me:hush@bucket/b", "https://store.example/a/b.tif?... and s3://bucket/b"),
        ("ftp://me@host", "ftp://host"),
        ("https://host/model@v1/a.tif", "https://host/model@v1/a.tif"),
        ("/data/what?.tif, me@example.org, 10:30", "/data/what?.tif, me@example.org, 10:30"),
    ],
)
def test_a_text_keeps_all_but_secrets(text, shown):
    assert without_secrets(text) == shown
    assert without_secrets(shown) == shown


@pytest.mark.parametrize("kind", [InputError, ReadError])
def test_no_error_of_an_input_says_a_secret(kind):
    assert str(kind(f"{SIGNED} cannot be opened.")) == "https://store.example/a/b.tif?... cannot be opened."


def test_a_file_that_is_signed_again_is_the_same_one_and_another_parameter_another_file():
    again = SIGNED.replace("hush", "other")
    assert identity_of(SIGNED) == identity_of(again)
    assert identity_of(f"{SIGNED}&id=1") == identity_of(f"{again}&id=1") != identity_of(f"{again}&id=2")
    assert "id" not in identity_of(f"{SIGNED}&id=1") and "hush" not in identity_of(SIGNED)
    assert identity_of("/data/a?b=1.tif").startswith("/data/a?b=1.tif")


def test_only_addresses_are_items_of_a_catalogue():
    assert is_item("https://example.com/collections/s2/items/a")
    assert not is_item("/data/collections/s2/items/a.tif")
