"""`python -m app`: serve the app.

Imports are inside functions, because child processes import this file, too.
"""

import argparse
import logging
import math
import os
import re
import sys
from pathlib import Path
from typing import NoReturn

from rs_srgan.addresses import without_secrets

CATALOGUES = ("earth-search", "planetary-computer", "copernicus", "none")
_UNITS = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9}


class _Parser(argparse.ArgumentParser):
    """A parser whose errors repeat no password of an address."""

    def error(self, message: str) -> NoReturn:
        super().error(without_secrets(message))


def main() -> None:
    """Read the options and serve until interrupted."""
    logging.basicConfig(format="%(message)s")
    logging.getLogger("rasterio").setLevel(logging.CRITICAL)  # our own errors quote GDAL's messages
    options = vars(make_parser().parse_args())
    from app.sandbox.process import cut_down_gdal, gdal_settings

    cut_down_gdal(gdal_settings())  # the server opens results only, but more drivers would add risk
    from app.guard import allowed_hosts
    from app.jobs.pace_file import default_file
    from app.server import serve
    from app.settings import Settings

    options["auth"] = options["auth"] or user_of_environment()
    options["public_hosts"] = tuple(options["public_hosts"] or ())
    options["catalogues"] = tuple(options["catalogues"]) if options["catalogues"] else None
    options["pace_file"] = default_file()
    settings = Settings(**{name: value for name, value in options.items() if value is not None})
    if settings.mcp and not allowed_hosts(settings.host, settings.public_hosts):
        raise SystemExit("--mcp on a public address needs --public-host NAME, the name of the server.")
    try:
        serve(settings)
    except OSError as error:
        message = (
            f"Cannot listen on {settings.host}:{settings.port}; it may be in use. Choose another port: --port N, or "
            "make demo PORT=N."
        )
        raise SystemExit(message) from error


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line. Its options are fields of `Settings`."""
    program = "rs-srgan-app" if Path(sys.argv[0]).stem == "rs-srgan-app" else "python -m app"
    parser = _Parser(prog=program, description="Super-resolution in the browser.")
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (7860)")
    parser.add_argument(
        "--public-host",
        action="append",
        dest="public_hosts",
        metavar="NAME",
        help="host name of the server, for example sr.example.org; others are then refused. Can be given several times",
    )
    parser.add_argument(
        "--root-path",
        type=_root_path,
        metavar="/PATH",
        help="path below which a reverse proxy offers the server, for example /sr; the proxy may pass it on or not",
    )
    parser.add_argument(
        "--auth",
        type=_user,
        metavar="USER:PASSWORD",
        help="user and password that every visitor must enter; use the variable RS_SRGAN_AUTH to hide it from the list "
        "of processes",
    )
    parser.add_argument(
        "--data-root", type=_folder, metavar="DIR", help="folder of Sentinel-2 products that visitors can choose"
    )
    parser.add_argument("--max-upload", type=_size, metavar="SIZE", help="largest size of an uploaded file (2gb)")
    parser.add_argument(
        "--max-megapixels",
        type=_megapixels,
        dest="max_lr_px",
        metavar="N",
        help="largest area in million pixels (120.56)",
    )
    parser.add_argument(
        "--concurrency", type=_count, metavar="N", help="number of jobs at the same time, each in its own process (1)"
    )
    parser.add_argument(
        "--max-waiting",
        type=_count,
        dest="max_waiting_each",
        metavar="N",
        help="number of jobs that one visitor can have in the queue, by address (10)",
    )
    parser.add_argument("--engine", choices=("auto", "torch", "openvino"), help="engine for the computation (auto)")
    parser.add_argument(
        "--max-minutes",
        type=_seconds,
        dest="max_job_seconds",
        metavar="N",
        help="longest time of a job in minutes (360)",
    )
    parser.add_argument(
        "--unwatched",
        type=_minutes_or_never,
        metavar="MINUTES",
        help="end a job that nobody has watched for this time if others wait; never keeps all (15)",
    )
    parser.add_argument(
        "--keep", type=_minutes, metavar="MINUTES", help="minutes for which uploads and results are kept (60)"
    )
    parser.add_argument(
        "--base-map",
        metavar="URL",
        help="address of map tiles that visitors can switch on, '' for none (OpenStreetMap)",
    )
    parser.add_argument(
        "--catalogue",
        action="append",
        type=_catalogue,
        dest="catalogues",
        metavar="NAME",
        help="catalogue of scenes that the tab Place may ask: earth-search, planetary-computer, copernicus, "
        "ADDRESS@COLLECTION of another STAC API, or none. Can be given several times (earth-search)",
    )
    parser.add_argument(
        "--geocoder",
        type=_address,
        metavar="URL",
        help="address that finds places by name for the tab Place, like Nominatim's: https://HOST/search (none)",
    )
    parser.add_argument(
        "--mcp",
        action="store_true",
        help="offer the endpoints to tools of language models, too; needs pip install gradio[mcp]",
    )
    return parser


def user_of_environment() -> tuple[str, str] | None:
    """Return the user and the password of RS_SRGAN_AUTH, or None without it.

    Raises:
        SystemExit: it holds no user with a password. A server must not start without the password that it should have.
    """
    text = os.environ.get("RS_SRGAN_AUTH")
    if text is None:
        return None
    try:
        return _user(text)
    except argparse.ArgumentTypeError as error:
        raise SystemExit(f"RS_SRGAN_AUTH is {'wrong' if text else 'empty'}: {error}, or no such variable.") from None


def _user(text: str) -> tuple[str, str]:
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        raise argparse.ArgumentTypeError("expected USER:PASSWORD")
    return user, password


def _root_path(text: str) -> str:
    if not re.fullmatch(r"(/[\w.~-]+)+/?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a path such as /sr")
    return text.rstrip("/")


def _address(text: str) -> str:
    if not re.fullmatch(r"https?://[\w.-]+(:\d+)?(/[^\s?#]*)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not an address such as https://HOST/search")
    return text


def _catalogue(text: str) -> str:
    # no check with rasterio, which must not be imported yet
    if text not in CATALOGUES and not re.fullmatch(r"https?://[^@\s]+@[\w.-]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(CATALOGUES)}, and not ADDRESS@COLLECTION")
    return text


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not a folder")
    return Path(text).resolve()


def _size(text: str) -> int:
    found = re.fullmatch(r"(\d+)([kmg]b)?", text.lower())
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size; expected one like 500mb or 2gb")
    return int(found[1]) * _UNITS[found[2] or ""]


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 64")
    return int(text)


def _megapixels(text: str) -> int:
    return int(_positive(text) * 1e6)


def _seconds(text: str) -> float:
    return 60 * _positive(text)


def _minutes_or_never(text: str) -> float:
    return math.inf if text == "never" else 60 * _positive(text)


def _minutes(text: str) -> int:
    return int(_positive(text) * 60)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0 and below a million")
    return value


if __name__ == "__main__":
    main()
