"""`make_engine`: the engine that a user asks for, or the fastest that is installed."""

from collections.abc import Sequence
from importlib.util import find_spec

from rs_srgan.errors import InputError
from rs_srgan.inference.engine import Engine, computes_in_bf16, default_device
from rs_srgan.inference.options import PredictOptions
from rs_srgan.inference.torch_engine import TorchEngine
from rs_srgan.models import MISR, SISR
from rs_srgan.pixels.radiometry import Encoding

# LR pixels of a scene. OpenVINO takes a second to get ready; PyTorch computes a smaller scene in that time.
WORTH_COMPILING_PX = 512 * 512


def make_engine(
    model: SISR | MISR,
    encodings: Sequence[Encoding],
    scene_px: int,
    name: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
) -> Engine:
    """Return the engine of that name, or the fastest that is installed.

    Args:
        model: a model in evaluation mode; its weights may be moved to another device.
        encodings: how the result is stored, an integer type; and how its uncertainty is stored, if it is wanted.
        scene_px: number of LR pixels of the full scene, also if only a part is wanted, so that the part is computed
            exactly like the full scene.
        name: see `PredictOptions`. "auto" is PyTorch on a GPU or for a small scene, else OpenVINO if it is installed.
        precision: see `PredictOptions`. bf16 is used inside the network only; the radiometry stays in float32.
        threads: CPU threads; by default all cores that the process may use.

    Raises:
        InputError: an unknown name or precision, an engine that is not installed, or threads out of range.
    """
    PredictOptions(engine=name, precision=precision, threads=threads)  # checks them
    device = default_device()
    installed = find_spec("openvino") is not None
    if name == "openvino" and not installed:
        raise InputError("OpenVINO is not installed: pip install rs_srgan[cpu], or use --engine torch.")
    if name == "auto":
        worth = scene_px >= WORTH_COMPILING_PX
        name = "openvino" if installed and device == "cpu" and worth else "torch"
    if precision == "auto":
        precision = "bf16" if computes_in_bf16("cpu" if name == "openvino" else device) else "fp32"
    if name == "torch":
        return TorchEngine(model, encodings, precision, threads)
    from rs_srgan.inference.openvino_engine import OpenVinoEngine  # an extra

    return OpenVinoEngine(model, encodings, precision, threads)
