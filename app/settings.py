"""The settings of a server."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from app.sandbox.process import worker_bytes

# OpenStreetMap's own tiles. Their policy requires the attribution, and allows the load of people who look at a map.
BASE_MAP = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"


# Beginning of the names of servers' folders, among the system's temporary files.
FOLDER_PREFIX = "rs_srgan_"
# Addresses that only this machine can use.
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _new_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))


@dataclass(frozen=True)
class Settings:
    """The settings of a server.

    Attributes:
        host: address to listen on.
        port: port to listen on.
        public_hosts: further host names by which the server may be addressed; with none, a server that listens on other
            addresses than loopback answers to any.
        root_path: path below which a reverse proxy offers the server, for example "/sr"; "" for none.
        auth: user and password that every visitor must enter, or None.
        data_root: folder of products that visitors can choose, or None. Visitors can read nothing outside of it.
        max_upload: largest size of an uploaded file, bytes.
        max_lr_px: largest number of LR pixels of a job.
        concurrency: number of jobs at the same time, each in its own process.
        max_waiting_each: largest number of jobs of one visitor that wait at the same time.
        engine: one of `rs_srgan.inference.engines.ENGINES`.
        max_job_seconds: longest time of a job; after that the server ends it.
        unwatched: seconds after which a job that nobody asks for ends, if others wait; infinite for never.
        keep: seconds for which uploads and results are kept.
        base_map: address of map tiles, "" for none. A browser loads them only if a visitor switches them on.
        catalogues: catalogues of scenes that the server may ask: names, ADDRESS@COLLECTION of other STAC APIs, or
            "none"; None for Earth Search, and if it is not public also for those that its user has access to.
        geocoder: address of a search for places by name, like that of Nominatim; "" for none.
        mcp: True to offer the named endpoints to tools of language models, too.
        folder: folder for all files of visitors; it is removed when the server ends.
        pace_file: file that keeps the learned pace of jobs for the next start; None to keep none.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    public_hosts: tuple[str, ...] = ()
    root_path: str = ""
    auth: tuple[str, str] | None = None
    data_root: Path | None = None
    max_upload: int = 2_000_000_000  # a zipped L2A product has up to 1.2 GB
    max_lr_px: int = 10980 * 10980  # a Sentinel-2 tile
    concurrency: int = 1
    max_waiting_each: int = 10
    engine: str = "auto"
    max_job_seconds: float = 6 * 3600
    unwatched: float = 15 * 60
    keep: int = 3600
    base_map: str = BASE_MAP
    catalogues: tuple[str, ...] | None = None
    geocoder: str = ""
    mcp: bool = False
    folder: Path = field(default_factory=_new_folder)
    pace_file: Path | None = None

    @property
    def is_public(self) -> bool:
        """True if others than the user of this machine can use the server."""
        return self.host not in LOOPBACK or bool(self.public_hosts)

    @property
    def memory(self) -> int:
        """Memory of each computing process, bytes. Together they may use three quarters of the machine."""
        return worker_bytes(self.concurrency)
