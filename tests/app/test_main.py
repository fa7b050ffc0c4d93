import pytest

from app.__main__ import CATALOGUES, make_parser, user_of_environment
from app.places.allowed import NONE
from rs_srgan.catalogues import CATALOGUES as KNOWN


def test_options_become_settings(tmp_path):
    words = (
        f"--host 0.0.0.0 --port 80 --auth a:b --data-root {tmp_path} --max-upload 500mb --concurrency 2 --engine torch"
    )
    options = make_parser().parse_args([*words.split(), "--keep", "5", "--max-megapixels", "2.5"])
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
        ["--catalogue", "ftp://a@b"],
        ["--catalogue", "https://me:hush@host/v1@c"],
        ["--geocoder", "file:///etc/passwd"],
    ],
)
def test_wrong_options_are_refused_by_name(words, capsys):
    with pytest.raises(SystemExit):
        make_parser().parse_args(words)
    said = capsys.readouterr().err
    assert words[0] in said and "hush" not in said


def test_a_password_in_the_environment_is_never_left_out_in_silence(monkeypatch):
    monkeypatch.delenv("RS_SRGAN_AUTH", raising=False)
    assert user_of_environment() is None
    monkeypatch.setenv("RS_SRGAN_AUTH", "me:hush")
    assert user_of_environment() == ("me", "hush")
    for wrong in ("", "hush"):
        monkeypatch.setenv("RS_SRGAN_AUTH", wrong)
        with pytest.raises(SystemExit, match="RS_SRGAN_AUTH") as failure:
            user_of_environment()
        assert "hush" not in str(failure.value)


def test_catalogues_are_those_of_the_library_or_addresses():
    assert set(CATALOGUES) == {*KNOWN, NONE}
    words = "--catalogue copernicus --catalogue http://127.0.0.1:8@sentinel-2-l2a"
    assert make_parser().parse_args(words.split()).catalogues == ["copernicus", "http://127.0.0.1:8@sentinel-2-l2a"]


@pytest.mark.parametrize(
    ("started", "name"), [("/usr/bin/rs-srgan-app", "rs-srgan-app"), ("app/__main__.py", "python -m app")]
)
def test_the_usage_names_the_program_that_was_started(monkeypatch, started, name):
    monkeypatch.setattr("sys.argv", [started])
    assert make_parser().format_usage().startswith(f"usage: {name} ")
