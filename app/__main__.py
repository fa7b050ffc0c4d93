"""`python -m app`: serve the demo."""

import argparse
import logging

from app.ui import build, serve


def main() -> None:
    """Parse the options and serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m app", description="Super-resolution in the browser.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=7860, help="port to listen on (%(default)s)")
    options = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    logging.getLogger("rasterio").setLevel(logging.CRITICAL)  # GDAL's words come with our own errors
    try:
        serve(build(), options.host, options.port)
    except OSError as error:
        message = (
            f"Cannot listen on {options.host}:{options.port}: is it in use? Choose another: --port, make demo PORT="
        )
        raise SystemExit(message) from error


if __name__ == "__main__":
    main()
