# %% [markdown]
# # Quick start
#
# Super-resolve a real Sentinel-2 chip, look at the result and its uncertainty, and put it on a map. It takes a minute
# and needs no image of your own.
#
# The first cell installs the package in Colab. Elsewhere it does nothing.

# %%
import importlib.util

PACKAGE = "rs_srgan[cpu,maps]"  # or the path or address of its wheel
if importlib.util.find_spec("rs_srgan") is None:
    get_ipython().run_line_magic("pip", f'install -q "{PACKAGE}" spyndex')  # noqa: F821

# %% tags=["parameters"]
SIZE = 300  # pixels of the chip along each axis, at most 300

# %%
import json
from importlib.resources import files

import numpy as np

# DN of B02, B03, B04 and B08 at 10 m; the model wants reflectance in the order red, green, blue, near infrared
chip = json.loads((files("spyndex") / "data" / "S2_10m.json").read_text())
blue, green, red, infrared = np.array(chip, "float32")[:, :SIZE, :SIZE] / 10000
reflectance = np.stack([red, green, blue, infrared])


# %% [markdown]
# ## Super-resolve it
#
# `predict_with_uncertainty` returns the result with four times the pixels along each axis, and half the width of an
# interval that holds the true value for 80 % of the pixels.

# %%
from rs_srgan import load_model

model = load_model("sisr-x4-rgbn")
sr, half_width = model.predict_with_uncertainty(reflectance)
model, reflectance.shape, sr.shape

# %% [markdown]
# ## Before and after
#
# Both pictures have the same stretch. The third shows where the result is uncertain: edges and small bright objects.

# %%
import matplotlib.pyplot as plt

part = slice(0, min(SIZE, 80))
fine = slice(0, 4 * part.stop)


def colours(image):
    return np.clip(image[:3].transpose(1, 2, 0) / np.percentile(reflectance[:3], 99.5), 0, 1) ** 0.8


figure, axes = plt.subplots(1, 3, figsize=(15, 5.4))
axes[0].imshow(colours(reflectance[:, part, part]), interpolation="nearest")
axes[0].set_title("input, 10 m")
axes[1].imshow(colours(sr[:, fine, fine]), interpolation="nearest")
axes[1].set_title("result, 2.5 m")
shown = axes[2].imshow(half_width[:3, fine, fine].mean(0), cmap="magma")
axes[2].set_title("uncertainty, reflectance")
figure.colorbar(shown, ax=axes[2])
for axis in axes:
    axis.set_axis_off()

# %% [markdown]
# ## On a map
#
# `rs_srgan.maps` makes a leafmap map with a line that swipes. The chip of spyndex does not say where it lies, so these
# bounds are made up. Files with a CRS need none.

# %%
from rs_srgan.maps import compare

degrees = SIZE * 10 / 111_000
chart = compare(reflectance, sr, bounds=(0, 0, degrees, degrees))
chart

# %% [markdown]
# ## Files
#
# For files there is `super_resolve`. It works tile by tile, so the size of the image does not matter.

# %%
import rasterio

from rs_srgan import super_resolve

with rasterio.open(
    "chip.tif", "w", driver="GTiff", count=4, height=SIZE, width=SIZE, dtype="uint16", compress="deflate"
) as file:
    file.write((reflectance * 10000).round().astype("uint16"))
    file.descriptions = ["B04", "B03", "B02", "B08"]
super_resolve("chip.tif", "chip_x4.tif", uncertainty="chip_uncertainty.tif", overwrite=True)

# %% [markdown]
# Next: [a place and a date](place_and_date.ipynb), [several revisits](revisits.ipynb),
# [evaluation](evaluation.ipynb), [fine-tuning](fine_tuning.ipynb).
