"""Secrets of the app as a server: it gets a token and a password; what it answers, prints and writes is searched."""

from pathlib import Path
from typing import Any

import httpx

from torture.app_server import AppServer
from torture.marks import leaks_in, secret

SERVER = "the app as a server"
_SECONDS = 120.0


def leaks_of_server(folder: Path) -> list[str]:
    """Start the app with secrets, make right and wrong requests, and return where secrets are.

    Args:
        folder: an empty folder; the server's log and its files are below it.
    """
    user, password = "me", secret()
    own = {"HF_TOKEN": f"hf_{secret()}", "RS_SRGAN_AUTH": f"{user}:{password}"}
    with AppServer(folder, variables=own) as server:
        right, wrong = httpx.BasicAuth(user, password), httpx.BasicAuth(user, secret())
        with httpx.Client(base_url=server.address, timeout=_SECONDS, trust_env=False) as client:
            answers = [_ask(client, *asked) for asked in requests_of(right, wrong)]
        found = leaks_in("\n".join(answers), folder)
    return sorted({*found, *leaks_in("", folder)})  # again: it writes while it ends, too


def requests_of(right: httpx.BasicAuth, wrong: httpx.BasicAuth) -> list[tuple[str, str, dict[str, Any]]]:
    """Return requests to the app: the method, the path, and what httpx takes besides.

    Args:
        right: user and password of the server.
        wrong: another password.
    """
    call = "/gradio_api/call/super_resolve"
    named = {"path": f"http://me:{secret()}@127.0.0.1:1/a.tif?sig={secret()}", "meta": {"_type": "gradio.FileData"}}
    asked = {"data": [named, "sisr-x4-rgbn", 1.0, "", "", "", "", False]}
    broken = {"files": ("a.tif", b"II*\0broken")}
    return [
        ("GET", "/", {}),
        ("GET", "/", {"auth": wrong}),
        ("GET", "/", {"auth": right}),
        ("GET", "/", {"headers": {"Authorization": f"Bearer {secret()}"}}),
        ("GET", "/health", {"auth": wrong}),
        ("GET", f"/jobs/no-job?token={secret()}", {"auth": right}),
        ("GET", "/gradio_api/file=/proc/self/environ", {"auth": right}),
        ("POST", "/gradio_api/upload", {"auth": right, "files": broken}),
        ("POST", "/gradio_api/upload", {"auth": wrong, "files": broken}),
        ("POST", call, {"auth": right, "json": asked}),
        ("POST", call, {"auth": right, "content": b"{", "headers": {"Content-Type": "application/json"}}),
        ("DELETE", f"/jobs/{secret()}", {"auth": right}),
    ]


def _ask(client: httpx.Client, method: str, path: str, more: dict[str, Any]) -> str:
    """Return an answer in one line; of a call, which has a second answer, both."""
    answer = client.request(method, path, **more)
    text = f"{method} {answer.status_code} {dict(answer.headers)} {answer.text}"
    if method == "POST" and '"event_id"' in answer.text:
        text += client.get(f"{path}/{answer.json()['event_id']}", auth=more["auth"]).text
    return " ".join(text.split())
