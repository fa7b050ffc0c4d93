import pytest

from app.errors import Gone, for_people, for_programs
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


@pytest.mark.parametrize(
    ("text", "people", "programs"),
    [
        (
            "If they are data: --nodata none.",
            "If they are data: “NoData value” none.",
            "If they are data: nodata none.",
        ),
        ("by --band-names B02,-", "by “Order of the bands” B02,-", "by band_names B02,-"),
        ("first: --soften (soften).", "first: “Blur the image first” in the tab Patch.", "first: soften."),
        (
            "give all with --stack.",
            "give all with rs-srgan predict --stack.",
            "give all with rs-srgan predict --stack.",
        ),
        ("rio edit-info --nodata 0 a.tif", "rio edit-info --nodata 0 a.tif", "rio edit-info --nodata 0 a.tif"),
    ],
)
def test_options_of_the_command_line_become_fields_of_the_page_and_arguments_of_endpoints(text, people, programs):
    assert (for_people(text), for_programs(text)) == (people, programs)


def test_gone_is_an_input_error():
    assert issubclass(Gone, InputError)
