import os

import pytest

from rs_srgan.catalogues.ranges import HEAD_BYTES, NoAnswer, RangeFile, RangeFiles

TIMEOUT_S = 0.5
CONTENT = os.urandom(100_000)


@pytest.fixture
def address(stac):
    stac.images.mkdir(parents=True, exist_ok=True)
    stac.images.joinpath("a.tif").write_bytes(CONTENT)
    return f"{stac.url}/images/a.tif"


def test_reads_give_the_bytes_of_the_file_and_its_first_bytes_come_at_once(stac, address):
    file = RangeFile(address, TIMEOUT_S)
    assert file.size == len(CONTENT) and file.read(8) == CONTENT[:8]
    file.seek(HEAD_BYTES - 10)
    assert stac.requests.total() == 1
    assert file.read(20) == CONTENT[HEAD_BYTES - 10 : HEAD_BYTES + 10] and file.tell() == HEAD_BYTES + 10
    file.seek(-5, 2)
    assert file.read() == CONTENT[-5:] and file.read(1) == b""


def test_neighbouring_ranges_come_in_one_request(stac, address):
    file = RangeFile(address, TIMEOUT_S)
    before = stac.requests.total()
    places = [(90_000, 500), (40_000, 20_000), (60_100, 300), (10, 20)]
    found = file.get_byte_ranges(*zip(*places, strict=True))
    assert found == [CONTENT[start : start + size] for start, size in places]
    assert stac.requests.total() - before == 2


def test_ranges_beyond_the_end_are_an_error(address):
    with pytest.raises(NoAnswer, match="ends"):
        RangeFile(address, TIMEOUT_S).get_byte_ranges([99_990], [100])


@pytest.mark.parametrize(("fault", "status"), [(403, 403), (404, 404)])
def test_an_answer_that_does_not_come_says_its_status(stac, address, fault, status):
    stac.faults["/images"] = fault
    with pytest.raises(NoAnswer) as caught:
        RangeFile(address, TIMEOUT_S)
    assert caught.value.status == status


def test_a_page_instead_of_a_file_is_read_in_whole(stac, address):
    stac.faults["/images"] = "html"
    assert RangeFile(address, TIMEOUT_S).read().startswith(b"<html>")


def test_errors_are_kept_for_whoever_asks_since_gdal_loses_them(stac, address):
    files = RangeFiles(lambda: RangeFile(address, TIMEOUT_S))
    with files.open("any name") as opened:
        assert opened.read(4) == CONTENT[:4] and files.failure is None
        stac.faults["/images"] = 404
        assert opened.get_byte_ranges([50_000], [10]) == [bytes(10)]
    assert files.failure is not None and files.failure.status == 404
    with pytest.raises(PermissionError):
        files.rm("any name")
