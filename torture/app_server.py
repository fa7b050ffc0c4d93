"""`AppServer`: the app in its own process, as `python -m app` starts it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from torture.usage import Usage, usage_of

# A loaded machine needs a minute to import PyTorch and compute the sample.
_START_SECONDS = 180.0
_END_SECONDS = 60.0
_SAMPLE = re.compile(r"jobs/([\w-]+)/pictures/")


@dataclass(frozen=True)
class Target:
    """A server that visitors and intruders use.

    Attributes:
        address: its address, without a slash at its end.
        folder: its folder for everything of its visitors, which its answers name.
        sample: id of the job that every visitor may see.
    """

    address: str
    folder: Path
    sample: str

    @property
    def port(self) -> int:
        """The port of the address."""
        return int(self.address.rpartition(":")[2])


class AppServer:
    """A server on the loopback address; it ends with the `with` block.

    Args:
        folder: an empty folder for its temporary files and its log.
        options: further options of `python -m app`.
        variables: further environment variables. Secrets of this process's environment are not passed on.

    Attributes:
        address: its address, without a slash at its end.
        log: the file with all that it printed.
    """

    def __init__(self, folder: Path, *options: str, variables: Mapping[str, str] | None = None) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self.address = f"http://127.0.0.1:{self._port}"
        self.log, self._temporary = folder / "server.log", folder / "tmp"
        self._temporary.mkdir()
        self._options, self._variables = options, dict(variables or {})

    def __enter__(self) -> "AppServer":
        environment = {name: value for name, value in os.environ.items() if name not in ("HF_TOKEN", "RS_SRGAN_AUTH")}
        environment |= {"TMPDIR": str(self._temporary), "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
        environment |= self._variables
        command = [sys.executable, "-m", "app", "--port", str(self._port), "--catalogue", "none", *self._options]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if httpx.get(f"{self.address}/health", timeout=5, trust_env=False).status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.2)
        self._process.kill()
        raise RuntimeError(f"The app did not start: {self.log.read_text(errors='replace')[-500:]}")

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def is_running(self) -> bool:
        """Return whether the server has not ended."""
        return self._process.poll() is None

    def target(self) -> "Target":
        """Return what visitors and intruders know of the server."""
        folder = next(self._temporary.glob("rs_srgan_*/lock")).parent
        return Target(self.address, folder, find_sample(self.address))

    def usage(self) -> Usage:
        """Return what the server and its child processes use now."""
        return usage_of(self._process.pid, self._temporary)


def find_sample(address: str) -> str:
    """Return the id of the job that every visitor of a server sees first."""
    page = httpx.get(address, timeout=60, trust_env=False).text
    found = _SAMPLE.search(page)
    if found is None:
        raise RuntimeError(f"The page at {address} names no sample.")
    return found[1]
