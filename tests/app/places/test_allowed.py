import dataclasses

import pytest

from app.places.allowed import allowed_catalogues, catalogue_of
from rs_srgan import InputError


@pytest.mark.parametrize(
    ("catalogues", "host", "titles"),
    [
        (None, "0.0.0.0", ["Earth Search"]),
        (("none",), "127.0.0.1", []),
        (("copernicus", "earth-search"), "0.0.0.0", ["Copernicus Data Space", "Earth Search"]),
        (("http://127.0.0.1:80@c",), "127.0.0.1", ["127.0.0.1:80"]),
    ],
)
def test_a_server_asks_what_its_settings_name(settings, catalogues, host, titles):
    asked = dataclasses.replace(settings, catalogues=catalogues, host=host)
    assert list(allowed_catalogues(asked)) == titles


def test_keys_of_the_user_count_only_on_a_server_for_this_machine(settings, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "key")
    assert "Copernicus Data Space" in allowed_catalogues(settings)
    assert list(allowed_catalogues(dataclasses.replace(settings, public_hosts=("a.example",)))) == ["Earth Search"]


@pytest.mark.parametrize("words", ["nothing", "file:///etc@c", "https://a.example", "@c"])
def test_other_words_are_refused(words):
    with pytest.raises(InputError, match="expected"):
        catalogue_of(words)
