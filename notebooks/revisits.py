# %% [markdown]
# # Several revisits
#
# Sentinel-2 samples a place at other sub-pixel positions at each visit. This notebook shows what a second and an
# eighth view add, on views that are simulated from a real chip.
#
# The first cell installs the package in Colab. Elsewhere it does nothing.

# %%
import importlib.util

PACKAGE = "rs_srgan[cpu]"  # or the path or address of its wheel
if importlib.util.find_spec("rs_srgan") is None:
    get_ipython().run_line_magic("pip", f'install -q "{PACKAGE}" spyndex')  # noqa: F821

# %% tags=["parameters"]
SIZE = 300  # pixels of the chip along each axis, at most 300, a multiple of 4
MOST_VIEWS = 8

# %%
import json
from importlib.resources import files

import numpy as np

# DN of B02, B03, B04 and B08 at 10 m; the model wants reflectance in the order red, green, blue, near infrared
chip = json.loads((files("spyndex") / "data" / "S2_10m.json").read_text())
blue, green, red, infrared = np.array(chip, "float32")[:, :SIZE, :SIZE] / 10000
reflectance = np.stack([red, green, blue, infrared])


# %% [markdown]
# ## Simulate revisits
#
# To measure a gain, the truth must be known. So the chip is the truth, and the sensor model makes views of it with
# twice the pixel size: each view has other sub-pixel positions and noise of its own. Real revisits also differ by
# clouds, season and light, and gain less: the guide *Several revisits* has figures of both.

# %%
import torch

from rs_srgan.sensors import RGBN, SENTINEL2
from rs_srgan.sensors.mtf import degrade, wald_mtf

random = np.random.default_rng(0)
positions = [(0.0, 0.0), *random.uniform(-0.5, 0.5, (MOST_VIEWS - 1, 2)).tolist()]
mtf = wald_mtf(SENTINEL2.mtf_nyquist(RGBN), 2)
views = []
for position in positions:
    seen = degrade(torch.from_numpy(reflectance)[None], 2, mtf, torch.tensor([position], dtype=torch.float32))[
        0
    ].numpy()
    views.append(seen + random.normal(0, 0.0005, seen.shape).astype("float32"))

# %% [markdown]
# ## One view, two views, many
#
# The first view is the reference: the result shows it. The shifts are measured, not given.

# %%
from rs_srgan import load_model

model = load_model("misr-x2-rgbn")


def psnr(image):
    inner = (slice(None), slice(16, -16), slice(16, -16))
    return -10 * np.log10(np.mean((image[inner] - reflectance[inner]) ** 2))


gains = {}
for count in sorted({1, 2, MOST_VIEWS}):
    gains[count] = psnr(model.predict(views[:count]))
    print(f"{count} views: {gains[count]:.2f} dB")

# %% [markdown]
# ## Files
#
# Files, products and scenes of a catalogue go the same way. Clouds are masked by the scene classification of products.

# %%
import rasterio

from rs_srgan import super_resolve

names = []
for number, view in enumerate(views[:2]):
    names.append(f"view_{number}.tif")
    with rasterio.open(
        names[-1], "w", driver="GTiff", count=4, height=view.shape[1], width=view.shape[2], dtype="uint16"
    ) as file:
        file.write((view * 10000).round().clip(1, 65535).astype("uint16"))
        file.descriptions = ["B04", "B03", "B02", "B08"]
super_resolve(names, "revisits_x2.tif", "misr-x2-rgbn", overwrite=True)
