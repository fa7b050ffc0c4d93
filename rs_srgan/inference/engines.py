"""`make_engine`: the engine that a user asks for, or the fastest that is installed."""

from collections.abc import Sequence
from importlib.util import find_spec

from rs_srgan.errors import InputError
from rs_srgan.inference.engine import Engine
from rs_srgan.inference.options import PredictOptions
from rs_srgan.inference.processor import computes_in_int8, default_device, faster_in_bf16
from rs_srgan.inference.torch_engine import TorchEngine
from rs_srgan.models import MISR, SISR, MISRConfig, SISRConfig
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
        precision: see `PredictOptions`. bf16 and int8 are used inside the network only; the radiometry stays in
            float32. "auto" is the fastest, see `fastest_precision`.
        threads: CPU threads; by default all cores that the process may use.

    Raises:
        InputError: an unknown name or precision, an engine that is not installed, threads out of range, int8 for a
            model that is not trained for it or an engine that does not run it, or bf16 for revisits with PyTorch on a
            processor.
    """
    PredictOptions(engine=name, precision=precision, threads=threads)  # checks them
    device = default_device()
    installed = find_spec("openvino") is not None
    if precision == "int8":
        _require_int8(model, name)
        name = "openvino"  # the only one that runs it
    if precision == "bf16" and name == "auto" and installed and not _bf16_is_exact(model.config, "torch", device):
        name = "openvino"
    if name == "openvino" and not installed:
        raise InputError("OpenVINO is not installed: pip install rs_srgan[cpu], or use --engine torch.")
    if name == "auto":
        worth = scene_px >= WORTH_COMPILING_PX
        name = "openvino" if installed and device == "cpu" and worth else "torch"
    if precision == "auto":
        precision = fastest_precision(model.config, name, "cpu" if name == "openvino" else device)
    if name == "torch":
        if precision == "bf16" and not _bf16_is_exact(model.config, name, device):
            raise InputError(
                f"PyTorch does not compute {model.name} in bf16 on processors: pixels would depend on the size of the "
                "tiles. Use --precision fp32, or --engine openvino."
            )
        return TorchEngine(model, encodings, precision, threads)
    from rs_srgan.inference.openvino_engine import OpenVinoEngine  # an extra

    return OpenVinoEngine(model, encodings, precision, threads)


def _require_int8(model: SISR | MISR, name: str) -> None:
    """Check that a model and an engine, by its name, run in int8."""
    if not model.config.quantized:
        raise InputError(
            f"{model.name} is not trained for int8. Use --precision auto, or prepare it: docs/training.md, int8."
        )
    if name == "torch":
        raise InputError("The engine is torch and the precision int8, which only OpenVINO runs. Use --engine openvino.")


def fastest_precision(config: SISRConfig | MISRConfig, engine: str, device: str) -> str:
    """Return the fastest precision of a model whose result does not depend on the size of the tiles.

    That is int8 if the model is trained for it, the processor computes with it, and OpenVINO runs it; else bf16 if the
    device is faster in it; else fp32.

    Args:
        config: configuration of the model.
        engine: "torch" or "openvino".
        device: "cuda", "mps" or "cpu".
    """
    if engine == "openvino" and config.quantized and computes_in_int8():
        return "int8"
    return "bf16" if faster_in_bf16(device) and _bf16_is_exact(config, engine, device) else "fp32"


def _bf16_is_exact(config: SISRConfig | MISRConfig, engine: str, device: str) -> bool:
    """Return whether tiles of another size change no pixel by more than 1 DN in bf16.

    The layers that compare the first result with the other revisits are computed in fp32, and the network behind them
    in bf16. On processors PyTorch's fp32 convolutions differ by one unit in the last place between images of different
    widths; the rounding to bf16 turned that into 7 DN.
    """
    return engine == "openvino" or device != "cpu" or not config.several
