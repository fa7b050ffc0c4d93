"""From pixels in a file to pixels in a file: tiling, engines, the scene pipeline."""

import sys

# OpenVINO tells Google of every import and conversion, from a forked process that can hang and keep this one from
# ending. It does without where the library for that is missing.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
