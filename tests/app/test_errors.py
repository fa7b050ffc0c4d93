import pytest

from app.errors import Gone, for_people
from rs_srgan import InputError


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/tmp/rs_srgan_x/abc/field.tif does not exist.", "field.tif does not exist."),
        ("x.jp2 in /vsizip//srv/a.zip/x.jp2 is cut", "x.jp2 in x.jp2 is cut"),
        ("3 m/s and 1/2 stay", "3 m/s and 1/2 stay"),
    ],
)
def test_messages_contain_no_folder_of_the_server(text, shown):
    assert for_people(ValueError(text)) == shown


def test_gone_is_an_input_error():
    assert issubclass(Gone, InputError)
