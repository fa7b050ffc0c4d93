"""How a visitor reads refusals. What visitors ask a real server is in tests/app/end_to_end/test_load.py."""

from random import Random

import httpx
import pytest

from torture.visitors import Visitor


def test_two_visitors_have_two_addresses(tmp_path):
    one, other = (Visitor("http://127.0.0.1:1", number, tmp_path, Random(0)) for number in (1, 300))
    assert one.headers != other.headers
    with pytest.raises(httpx.ConnectError):
        one.look()
    for visitor in (one, other):
        visitor.close()
