"""What runs a model on a window of pixels: PyTorch anywhere, OpenVINO on CPUs."""

from collections.abc import Sequence
from importlib.util import find_spec

from rs_srgan.errors import InputError
from rs_srgan.inference.engine import Engine, computes_in_bf16, default_device
from rs_srgan.inference.torch_engine import TorchEngine
from rs_srgan.models import MISR, SISR
from rs_srgan.pixels.radiometry import Encoding

ENGINES = ("auto", "torch", "openvino")
PRECISIONS = ("auto", "fp32", "bf16")

_MAX_THREADS = 1024
# LR pixels of a scene. OpenVINO takes a second to get ready; PyTorch has done a smaller scene by then.
WORTH_COMPILING_PX = 512 * 512


def make_engine(
    model: SISR | MISR,
    encodings: Sequence[Encoding],
    scene_px: int,
    name: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
) -> Engine:
    """The engine of that name, or the fastest that is installed.

    Args:
        model: in evaluation mode; its weights may be moved to another device.
        encodings: of the result, an integer type; and of its uncertainty, if that is wanted.
        scene_px: LR pixels of the whole scene, also if only a part is wanted: it is to be that part of the whole.
        name: one of ENGINES. "auto": PyTorch on a GPU or for a small scene, else OpenVINO where it is installed.
        precision: "fp32"; "bf16" for the network's arithmetic, never for the radiometry; "auto": bf16 where the
            hardware computes with it, else fp32.
        threads: of the CPU; by default all cores.

    Raises:
        InputError: an unknown name or precision, an engine that is not installed, or threads out of range.
    """
    if name not in ENGINES:
        raise InputError(f"Unknown engine {name!r}; expected one of {', '.join(ENGINES)}.")
    if precision not in PRECISIONS:
        raise InputError(f"Unknown precision {precision!r}; expected one of {', '.join(PRECISIONS)}.")
    if threads is not None and not 1 <= threads <= _MAX_THREADS:
        raise InputError(f"threads is {threads}; expected 1 to {_MAX_THREADS}.")
    device = default_device()
    installed = find_spec("openvino") is not None
    if name == "openvino" and not installed:
        raise InputError("OpenVINO is not installed: pip install rs_srgan[cpu], or take --engine torch.")
    if name == "auto":
        worth = scene_px >= WORTH_COMPILING_PX
        name = "openvino" if installed and device == "cpu" and worth else "torch"
    if precision == "auto":
        precision = "bf16" if computes_in_bf16("cpu" if name == "openvino" else device) else "fp32"
    if name == "torch":
        return TorchEngine(model, encodings, precision, threads)
    from rs_srgan.inference.openvino_engine import OpenVinoEngine  # an extra

    return OpenVinoEngine(model, encodings, precision, threads)
