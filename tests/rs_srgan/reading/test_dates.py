from datetime import date

import pytest

from rs_srgan.reading.dates import date_in


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
