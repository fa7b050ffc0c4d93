"""Pictures as WebP files for the browser."""

import io
from typing import Any

import numpy as np
from PIL import Image as Pillow


def webp(picture: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    """Encode a picture, (h, w, 3 or 4), without loss. WebP is faster and smaller than PNG."""
    target = io.BytesIO()
    Pillow.fromarray(picture).save(target, "WEBP", lossless=True, quality=0, method=0)
    return target.getvalue()
