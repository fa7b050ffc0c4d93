from datetime import date

import pytest

from rs_srgan.reading.dates import before_date, date_in


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("T33TWL_20230810T100031_B02_10m.jp2", date(2023, 8, 10)),
        ("scene_2023-08-10.tif", date(2023, 8, 10)),
        ("20239999_20230810.tif", date(2023, 8, 10)),
        ("scene_120230810.tif", None),
        ("scene.tif", None),
    ],
)
def test_the_first_date_of_a_name_counts(name, day):
    assert date_in(name) == day


@pytest.mark.parametrize(
    ("name", "place"),
    [("place0_2021", "place0"), ("a_b-20220801", "a_b"), ("field_2022-08-01T10", "field"), ("place0", "place0")],
)
def test_a_name_before_its_date(name, place):
    assert before_date(name) == place
