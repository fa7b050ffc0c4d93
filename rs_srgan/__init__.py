"""Super-resolution for satellite images, Sentinel-2 first.

>>> from rs_srgan import load_model, super_resolve
>>> super_resolve("scene.tif", "scene_x4.tif")                          # doctest: +SKIP
>>> sr = load_model("sisr-x4-rgbn").predict(reflectance)                # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from rs_srgan.hub.publisher import register_publisher
from rs_srgan.version import __version__

if TYPE_CHECKING:
    from rs_srgan.batch.run import super_resolve_many
    from rs_srgan.errors import Cancelled, InputError, ReadError
    from rs_srgan.inference.onnx_export import export
    from rs_srgan.inference.options import PredictOptions
    from rs_srgan.inference.super_resolve import super_resolve
    from rs_srgan.models import MISR, SISR, MISRConfig, SISRConfig
    from rs_srgan.models.catalogue import BundledModel, catalogue, list_models
    from rs_srgan.models.loading import load_model
    from rs_srgan.progress.state import Progress
    from rs_srgan.publishing.push import push
else:
    # Names are imported at first use: the imports take seconds, and the command must react to Ctrl-C before them.
    _HOMES = {
        "BundledModel": "rs_srgan.models.catalogue",
        "Cancelled": "rs_srgan.errors",
        "InputError": "rs_srgan.errors",
        "MISR": "rs_srgan.models",
        "MISRConfig": "rs_srgan.models",
        "PredictOptions": "rs_srgan.inference.options",
        "Progress": "rs_srgan.progress.state",
        "ReadError": "rs_srgan.errors",
        "SISR": "rs_srgan.models",
        "SISRConfig": "rs_srgan.models",
        "catalogue": "rs_srgan.models.catalogue",
        "export": "rs_srgan.inference.onnx_export",
        "list_models": "rs_srgan.models.catalogue",
        "load_model": "rs_srgan.models.loading",
        "push": "rs_srgan.publishing.push",
        "super_resolve": "rs_srgan.inference.super_resolve",
        "super_resolve_many": "rs_srgan.batch.run",
    }

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)

    def __dir__() -> list[str]:
        return sorted(__all__)


def _push_model(*arguments: Any, **options: Any) -> str:  # noqa: ANN401
    """Push a model, see `rs_srgan.publishing.push.push_model`."""
    pushed: str = import_module("rs_srgan.publishing.push").push_model(*arguments, **options)
    return pushed


register_publisher(_push_model)

__all__ = [
    "MISR",
    "SISR",
    "BundledModel",
    "Cancelled",
    "InputError",
    "MISRConfig",
    "PredictOptions",
    "Progress",
    "ReadError",
    "SISRConfig",
    "__version__",
    "catalogue",
    "export",
    "list_models",
    "load_model",
    "push",
    "super_resolve",
    "super_resolve_many",
]
