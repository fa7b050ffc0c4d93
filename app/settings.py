"""What whoever starts the app decides on."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from app.sandbox.process import worker_bytes

# OpenStreetMap's own tiles; their use asks for the attribution, and for no more load than people looking at a map.
BASE_MAP = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"


def _new_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="rs_srgan_"))


@dataclass(frozen=True)
class Settings:
    """Of one server.

    Attributes:
        host: address to listen on.
        port: port to listen on.
        auth: user and password that everybody must give, or None.
        data_root: folder with products to choose from; nothing outside of it can be reached.
        max_upload: bytes of one file.
        max_lr_px: LR pixels of one job.
        concurrency: jobs at the same time, each in a process of its own.
        engine: see `rs_srgan.inference.engines.ENGINES`.
        max_job_seconds: after which a job is ended, whatever it is doing.
        keep: seconds that uploads and results are kept.
        base_map: address of map tiles, which a browser loads only where a visitor asks for them; "" for none.
        mcp: whether tools of language models may use the named endpoints, too.
        folder: where everything of visitors lies; it goes when the server ends.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    auth: tuple[str, str] | None = None
    data_root: Path | None = None
    max_upload: int = 2_000_000_000  # a zipped L2A tile has 1.2 GB
    max_lr_px: int = 10980 * 10980  # a Sentinel-2 tile
    concurrency: int = 1
    engine: str = "auto"
    max_job_seconds: float = 6 * 3600
    keep: int = 3600
    base_map: str = BASE_MAP
    mcp: bool = False
    folder: Path = field(default_factory=_new_folder)

    @property
    def memory(self) -> int:
        """Bytes that each computing process may use: together three quarters of the machine's."""
        return worker_bytes(self.concurrency)
