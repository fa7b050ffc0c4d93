"""`RangeFile`: a file behind an address, read by ranges over HTTP, for GDAL.

GDAL's own reader follows redirects to any host, and there is no option against it. This one follows none, so only hosts
of the catalogue are asked.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from rasterio.abc import MultiByteRangeResourceContainer

if TYPE_CHECKING:
    import requests

# The directory of a large COG in one request.
HEAD_BYTES = 32_768
# Small pieces are read in one request with what follows them.
_PIECE_BYTES = 16_384
# Largest answer of a server that sends the whole file instead of a range.
_MOST_WHOLE_BYTES = 1_000_000
_CONNECT_S = 10.0
_RETRIES, _RETRY_DELAY_S = 3, 0.3
_RETRIED = (429, 500, 502, 503, 504)
# Requests for ranges of one file at the same time, and connections that are kept open for the next ones.
_AT_ONCE, _KEPT = 4, 32
# Ranges with a smaller gap are read together.
_GAP_BYTES = 4096


class NoAnswer(OSError):
    """A range that did not come.

    Attributes:
        status: HTTP status of the answer; None if there was none.
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class RangeFile:
    """A file that GDAL reads. Its first bytes are read at once.

    Args:
        address: address of the file, with its signature.
        timeout_s: seconds without an answer after which a request is repeated.

    Attributes:
        size: length in bytes.

    Raises:
        NoAnswer: the server does not answer, refuses, or redirects.
    """

    def __init__(self, address: str, timeout_s: float) -> None:
        self._address, self._timeout_s, self._at = address, timeout_s, 0
        self.size = 0
        self._kept = (0, self._fetch(0, HEAD_BYTES))
        self._head = self._kept[1]

    def read(self, count: int = -1) -> bytes:
        """Return the next `count` bytes, fewer at the end of the file."""
        count = self.size - self._at if count < 0 else min(count, self.size - self._at)
        data = self._bytes(self._at, max(0, count))
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a place; see `io.IOBase.seek`."""
        self._at = offset + (0, self._at, self.size)[whence]
        return self._at

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._at

    def get_byte_ranges(self, offsets: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """Return several ranges, read at the same time; neighbours in one request."""
        spans: list[tuple[int, int]] = []
        for start, size in sorted(zip(offsets, sizes, strict=True)):
            if spans and start <= spans[-1][1] + _GAP_BYTES:
                spans[-1] = (spans[-1][0], max(spans[-1][1], start + size))
            else:
                spans.append((start, start + size))
        with ThreadPoolExecutor(min(_AT_ONCE, len(spans) or 1)) as pool:
            parts = list(pool.map(lambda span: self._bytes(span[0], span[1] - span[0]), spans))
        found = []
        for start, size in zip(offsets, sizes, strict=True):
            index = next(i for i, span in enumerate(spans) if span[0] <= start and start + size <= span[1])
            begin = start - spans[index][0]
            found.append(parts[index][begin : begin + size])
        short = [size for size, data in zip(sizes, found, strict=True) if len(data) != size]
        if short:
            raise NoAnswer("the file ends before its pixels")
        return found

    def _bytes(self, start: int, count: int) -> bytes:
        for at, data in ((0, self._head), self._kept):
            if at <= start and start + count <= at + len(data):
                return data[start - at : start - at + count]
        if count >= _PIECE_BYTES:
            return self._fetch(start, count)
        piece = self._fetch(start, min(_PIECE_BYTES, self.size - start))
        self._kept = (start, piece)
        return piece[:count]

    def _fetch(self, start: int, count: int) -> bytes:
        """Return a range of the file as the server sends it, fewer bytes only at its end."""
        import requests

        try:
            with _session().get(
                self._address,
                headers={"Range": f"bytes={start}-{start + count - 1}", "Accept-Encoding": "identity"},
                timeout=(_CONNECT_S, self._timeout_s),
                allow_redirects=False,
                stream=True,
            ) as answer:
                return self._data(answer, start, count)
        except requests.RequestException as error:
            raise NoAnswer(type(error).__name__) from None

    def _data(self, answer: "requests.Response", start: int, count: int) -> bytes:
        if answer.is_redirect or 300 <= answer.status_code < 400:
            target = urljoin(self._address, answer.headers.get("Location", ""))
            raise NoAnswer(f"redirected to {target.partition('?')[0]:.80}, which is not followed", answer.status_code)
        if answer.status_code not in (200, 206):
            raise NoAnswer(f"status {answer.status_code}", answer.status_code)
        if answer.status_code == 200:  # a server without ranges, or a page instead of the file
            data = b"".join(_limited(answer, _MOST_WHOLE_BYTES))
            self.size = len(data)
            return data[start : start + count]
        total = answer.headers.get("Content-Range", "").rpartition("/")[2]
        if not total.isdecimal():
            raise NoAnswer("an answer without the size of the file")
        self.size = int(total)
        wanted = max(0, min(count, self.size - start))
        data = b"".join(_limited(answer, wanted))
        if len(data) != wanted:
            raise NoAnswer(f"{len(data)} of {wanted} bytes came")
        return data

    def close(self) -> None:
        """Do nothing: connections are kept for the next file."""

    def __enter__(self) -> "RangeFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class RangeFiles(MultiByteRangeResourceContainer):  # type: ignore[misc]  # rasterio has no types
    """The one file that GDAL may open, whatever it asks for.

    Args:
        make: opens the file.

    Attributes:
        failure: the last error of the file; None if there was none.
    """

    def __init__(self, make: Callable[[], RangeFile]) -> None:
        self._file = make()
        self.failure: NoAnswer | None = None

    def open(self, path: str, mode: str = "r", **_: object) -> "_Watched":
        """Return the file."""
        return _Watched(self._file, self)

    def isfile(self, path: str) -> bool:
        """Return True: the name is that of the file."""
        return True

    def isdir(self, path: str) -> bool:
        """Return False: there are no folders."""
        return False

    def ls(self, path: str) -> list[str]:
        """Return no names: there are no folders."""
        return []

    def mtime(self, path: str) -> int:
        """Return a constant, since nobody compares it."""
        return 0

    def size(self, path: str) -> int:
        """Return the length in bytes."""
        return self._file.size

    def rm(self, path: str) -> None:
        """Refuse to remove anything."""
        raise PermissionError(path)


class _Watched:
    """A file whose errors are noted instead of raised: between GDAL and Python they would get lost, or end the process.

    What did not come is empty or zero, so whoever reads must look at `RangeFiles.failure`.
    """

    def __init__(self, file: RangeFile, files: RangeFiles) -> None:
        self._file, self._files = file, files
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def read(self, count: int = -1) -> bytes:
        try:
            return self._file.read(count)
        except NoAnswer as error:
            self._files.failure = error
            return b""

    def get_byte_ranges(self, offsets: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        try:
            return self._file.get_byte_ranges(offsets, sizes)
        except NoAnswer as error:
            self._files.failure = error
            return [bytes(size) for size in sizes]

    def __enter__(self) -> "_Watched":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _limited(answer: "requests.Response", most: int) -> list[bytes]:
    """Return the content of an answer, at most some bytes."""
    chunks, left = [], most
    for chunk in answer.iter_content(1 << 16):
        chunks.append(chunk[:left])
        left -= len(chunks[-1])
        if left <= 0:
            break
    return chunks


@cache
def _session() -> "requests.Session":
    """Return the connections of this process, which repeat requests after passing faults."""
    import requests
    import urllib3

    repeat = urllib3.Retry(
        total=_RETRIES, redirect=0, backoff_factor=_RETRY_DELAY_S, status_forcelist=_RETRIED, raise_on_status=False
    )
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(_KEPT, _KEPT, repeat))
    return session
