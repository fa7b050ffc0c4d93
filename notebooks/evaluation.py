# %% [markdown]
# # Evaluation
#
# Measure a model beside methods that need no learning, and see what its figures mean.
#
# The first cell installs the package in Colab. Elsewhere it does nothing.

# %%
import importlib.util

PACKAGE = "rs_srgan[cpu,evaluate]"  # or the path or address of its wheel
if importlib.util.find_spec("rs_srgan") is None:
    get_ipython().run_line_magic("pip", f'install -q "{PACKAGE}" spyndex')  # noqa: F821

# %% tags=["parameters"]
SIZE = 300  # pixels of the chip along each axis, at most 300, at least 160

# %%
import json
from importlib.resources import files

import numpy as np

# DN of B02, B03, B04 and B08 at 10 m; the model wants reflectance in the order red, green, blue, near infrared
chip = json.loads((files("spyndex") / "data" / "S2_10m.json").read_text())
blue, green, red, infrared = np.array(chip, "float32")[:, :SIZE, :SIZE] / 10000
reflectance = np.stack([red, green, blue, infrared])


# %%
import rasterio

with rasterio.open(
    "chip.tif", "w", driver="GTiff", count=4, height=SIZE, width=SIZE, dtype="uint16", compress="deflate"
) as file:
    file.write((reflectance * 10000).round().astype("uint16"))
    file.descriptions = ["B04", "B03", "B02", "B08"]

# %% [markdown]
# ## Measure
#
# There is no image of 2.5 m to compare with. So the chip takes the place of the truth: the sensor model makes an image
# of 40 m from it, and the model has to restore 10 m (Wald's protocol).

# %%
from rs_srgan.evaluation import evaluate

report = evaluate("chip.tif", "sisr-x4-rgbn")
for method, scores in report.mean.items():
    print(f"{method:16} PSNR {scores.psnr_db:6.2f} dB   SSIM {scores.ssim:.4f}")

# %% [markdown]
# ## Read the right difference
#
# Bicubic enlargement ignores the sensor's blur, which is known. Back-projection undoes it without learning. What a
# network adds is the difference to the second, not to the first.

# %%
model, bicubic, projected = (report.mean[method].psnr_db for method in ("model", "bicubic", "back_projection"))
print(f"over bicubic:         {model - bicubic:+.2f} dB")
print(f"over back-projection: {model - projected:+.2f} dB")

# %% [markdown]
# ## What is right about the added detail
#
# Three shares say what became of the detail that was added: nearer to the truth, still missing, or like neither.

# %%
scores = report.mean["model"]
print(f"improved {scores.improvement:.2f}, omitted {scores.omission:.2f}, made up {scores.hallucination:.2f}")

# %% [markdown]
# ## Real images
#
# Without a truth, three questions can be answered: does the result agree with its input, how much detail does it add,
# and do tiles leave seams.

# %%
real = evaluate("chip.tif", "sisr-x4-rgbn", reference=False)
for method, scores in real.mean.items():
    print(f"{method:16} mean abs(LR - D(SR)) {scores.sensor:.5f}")
print("largest difference between tiles and the whole:", real.mean["model"].tiles)

# %% [markdown]
# One chip is an example, not a measurement. Use several places that training did not see, and look at the worst of
# them: the cards of the bundled models list all their sites.
