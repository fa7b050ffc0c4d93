from pathlib import Path

import numpy as np
import pytest
import rasterio

from rs_srgan import InputError, super_resolve
from rs_srgan.inference.options import PredictOptions
from rs_srgan.reading.stated import Stated
from tests.conftest import scene_dn


def test_defaults_need_no_words():
    assert PredictOptions().arguments() == PredictOptions().keywords() == []


def test_changed_options_become_words_of_the_command_line_and_of_python():
    options = PredictOptions(
        masks=["-", "a.tif"], bbox=(10.25, 46, 11, 47), tile=np.int64(64), cog=True, offset=-1000.0, detail=0.1
    )
    assert " ".join(options.arguments()) == (
        "--masks - a.tif --bbox 10.25 46 11 47 --tile 64 --cog --detail 0.1 --offset -1000"
    )
    assert options.keywords() == [
        "masks=['-', 'a.tif']",
        "bbox=[10.25, 46, 11, 47]",
        "tile=64",
        "cog=True",
        "detail=0.1",
        "offset=-1000",
    ]


def test_words_keep_all_digits_of_a_number():
    assert PredictOptions(bbox=(10.123456789, 46, 11, 47)).arguments()[1] == "10.123456789"


def test_values_are_kept_in_plain_form():
    options = PredictOptions(masks="a.tif", bbox=np.array([1, 2, 3, 4]), threads=np.int32(2), offset=np.float32(-1000))
    assert (options.masks, options.bbox) == (("a.tif",), (1.0, 2.0, 3.0, 4.0))
    assert type(options.threads) is int
    assert type(options.offset) is float


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"engine": "tpu"}, "openvino"),
        ({"precision": "int4"}, "bf16"),
        ({"compress": "rar"}, "deflate"),
        ({"tile": 0}, "1048576"),
        ({"tile": 512.0}, "whole"),
        ({"threads": 99_999_999_999}, "1024"),
        ({"blocksize": 100}, "multiple"),
        ({"blocksize": 4096}, "2048"),
        ({"detail": 2}, r"\b1\b"),
        ({"offset": "many"}, "DN"),
        ({"bbox": "10 46 11 47"}, "numbers"),
        ({"bbox": (10, 46, 11, 47), "aoi": "a.geojson"}, "both"),
        ({"cog": "yes"}, "True"),
        ({"aoi": 3}, "file"),
        ({"reference": -1}, "reference"),
        ({"sensor": "landsat"}, "landsat-oli"),
    ],
)
def test_a_value_that_an_option_does_not_allow_is_refused(options, word):
    with pytest.raises(InputError, match=word) as refused:
        PredictOptions(**options)
    assert [name for name in options if name not in str(refused.value)] == []
    if len(options) == 1:
        (value,) = options.values()
        assert str(value) in str(refused.value)


def test_unknown_option_is_refused_with_the_nearest_name():
    with pytest.raises(InputError, match="compress"):
        PredictOptions().replace({"compres": "none"})


def test_keywords_take_precedence_over_the_options_object(model, write_tif, tmp_path):
    source, options = write_tif(scene_dn(8, 8)), PredictOptions(compress="none", engine="torch")
    target = super_resolve(source, tmp_path / "out.tif", model, options, compress="deflate")
    with rasterio.open(target) as result:
        assert result.profile["compress"] == "deflate"


@pytest.mark.parametrize("tile", [16, 200])
@pytest.mark.parametrize("cog", [False, True])
def test_blocksize_is_the_side_of_the_blocks(model, write_tif, tmp_path, tile, cog):
    source = write_tif(scene_dn(80, 90))
    plain = super_resolve(source, tmp_path / "plain.tif", model, tile=tile, engine="torch", precision="fp32")
    options = PredictOptions(blocksize=128, tile=tile, cog=cog, engine="torch", precision="fp32")
    target = super_resolve(source, tmp_path / "out.tif", model, options)
    with rasterio.open(target) as result, rasterio.open(Path(plain)) as expected:
        assert set(result.block_shapes) == {(128, 128)}
        assert np.abs(result.read().astype(int) - expected.read()).max() <= 1


def test_options_of_reading_reach_the_reader_and_the_command_line():
    options = PredictOptions(offset=-1000, scale=1e-4, nodata="none", band_names="B02,B03,B04,B08")
    assert options.stated() == Stated(-1000, 1e-4, "none", ("B02", "B03", "B04", "B08"))
    words = options.arguments()
    assert words[words.index("--band-names") + 1] == "B02,B03,B04,B08"
