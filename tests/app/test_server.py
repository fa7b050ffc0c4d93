"""The door, and the options."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.__main__ import _parser
from app.errors import for_people
from app.server import Guard


def guarded(auth=None) -> TestClient:
    inner = FastAPI()
    inner.get("/health")(lambda: {"status": "ok"})
    inner.get("/jobs/x")(lambda: {"secret": 1})
    return TestClient(Guard(inner, auth, "default-src 'self'"))


def test_without_the_password_nobody_gets_in():
    client = guarded(("me", "pass:wörd"))
    assert client.get("/jobs/x").status_code == 401
    assert client.get("/jobs/x", headers={"Authorization": "Basic xx"}).status_code == 401
    assert client.get("/jobs/x", auth=("me", "wrong")).status_code == 401
    assert client.get("/health").status_code == 200
    token = "bWU6cGFzczp3w7ZyZA=="  # base64 of me:pass:wörd in UTF-8
    assert client.get("/jobs/x", headers={"Authorization": f"Basic {token}"}).json() == {"secret": 1}


def test_every_answer_says_what_a_page_may_load():
    headers = guarded().get("/jobs/x").headers
    assert headers["content-security-policy"] == "default-src 'self'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"


def test_options_are_read(tmp_path):
    words = (
        f"--host 0.0.0.0 --port 80 --auth a:b --data-root {tmp_path} --max-upload 500mb --concurrency 2 --engine torch"
    )
    options = _parser().parse_args([*words.split(), "--keep", "5", "--max-megapixels", "2.5"])
    assert (options.host, options.port, options.auth, options.engine) == ("0.0.0.0", 80, ("a", "b"), "torch")
    assert (options.max_upload, options.concurrency, options.keep) == (500_000_000, 2, 300)
    assert (options.max_lr_px, options.data_root) == (2_500_000, tmp_path)


@pytest.mark.parametrize(
    "words",
    [
        ["--auth", "nobody"],
        ["--max-upload", "much"],
        ["--concurrency", "0"],
        ["--keep", "-1"],
        ["--data-root", "/none"],
    ],
)
def test_options_that_are_none_are_refused(words, capsys):
    with pytest.raises(SystemExit):
        _parser().parse_args(words)
    assert words[0] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("/tmp/rs_srgan_x/abc/field.tif does not exist.", "field.tif does not exist."),
        ("x.jp2 in /vsizip//srv/a.zip/x.jp2 is cut", "x.jp2 in x.jp2 is cut"),
        ("3 m/s and 1/2 stay", "3 m/s and 1/2 stay"),
    ],
)
def test_messages_hold_no_folder_of_the_server(said, shown):
    assert for_people(ValueError(said)) == shown
