import io

import numpy as np
import pytest

from rs_srgan import InputError
from tests.conftest import scene_dn
from tests.rs_srgan.reading.whole import read_all


@pytest.mark.parametrize("axis", ["first", "last"])
def test_an_array_is_read_with_its_bands_first_or_last(tmp_path, axis):
    dn = scene_dn(9, 11)
    np.save(tmp_path / "a.npy", dn if axis == "first" else dn.transpose(1, 2, 0))
    np.testing.assert_allclose(read_all(tmp_path / "a.npy")[0], dn / 10_000, atol=1e-7)


def saved_npy(array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


UNREADABLE = {
    "huge.npy": (
        saved_npy(np.zeros((4, 5, 5))).replace(
            b"(4, 5, 5), }" + b" " * 30, f"(4, {2**63 - 1}, 5), }}".encode().ljust(42)
        ),
        "NPY",
    ),
    "text.npy": (b"not an array", "NPY"),
    "pickle.npy": (saved_npy(np.array([{"a": 1}], object)), "NPY"),
    "flat.npy": (saved_npy(np.zeros((4, 4))), "height"),
    "zip.npy": (b"PK\3\4garbage", "NPY"),
    "odd.npy": (saved_npy(np.zeros((4, 5, 5))).replace(b"(4, 5, 5)", b"{{{{{{{{("), "NPY"),
    "short.npy": (saved_npy(np.zeros((4, 50, 50)))[:500], "NPY"),
    "none.npy": (saved_npy(np.zeros((4, 0, 5))), "pixel"),
    "complex.npy": (saved_npy(np.zeros((4, 5, 5), complex)), "complex128"),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_array_is_refused_in_one_line(tmp_path, name):
    content, words = UNREADABLE[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        read_all(tmp_path / name)
    assert "\n" not in str(caught.value)
