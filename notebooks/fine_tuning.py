# %% [markdown]
# # Fine-tuning in ten minutes
#
# Adapt the default model to your own pairs of LR and HR images. Two processor cores are enough.
#
# The first cell installs the package in Colab. Elsewhere it does nothing.

# %%
import importlib.util

PACKAGE = "rs_srgan[cpu,train]"  # or the path or address of its wheel
if importlib.util.find_spec("rs_srgan") is None:
    get_ipython().run_line_magic("pip", f'install -q "{PACKAGE}" spyndex')  # noqa: F821

# %% tags=["parameters"]
SIZE = 300  # pixels of the chip along each axis, at most 300, a multiple of 8
STEPS = 150  # a first trial; 1000 for a real one

# %%
import json
from importlib.resources import files

import numpy as np

# DN of B02, B03, B04 and B08 at 10 m; the model wants reflectance in the order red, green, blue, near infrared
chip = json.loads((files("spyndex") / "data" / "S2_10m.json").read_text())
blue, green, red, infrared = np.array(chip, "float32")[:, :SIZE, :SIZE] / 10000
reflectance = np.stack([red, green, blue, infrared])


# %% [markdown]
# ## Make pairs
#
# Your own pairs are files of the same name in `hr/` and `lr/`. Here four quarters of the chip are four places, and LR
# is the mean of 4 x 4 pixels, as `gdalwarp -r average` makes it. That is sharper than a satellite sees, so the bundled
# model is wrong for such pairs: a case for fine-tuning. The places are made up: they must be 2 km apart, because one of
# them validates.

# %%
from pathlib import Path

import rasterio
from affine import Affine

half = SIZE // 2
for number, (row, column) in enumerate([(0, 0), (0, half), (half, 0), (half, half)]):
    hr = reflectance[:, row : row + half, column : column + half]
    hr = hr[:, : half // 4 * 4, : half // 4 * 4]
    lr = hr.reshape(4, hr.shape[1] // 4, 4, hr.shape[2] // 4, 4).mean((2, 4))
    for kind, image, pixel in (("hr", hr, 10), ("lr", lr, 40)):
        path = Path("pairs", kind, f"place_{number}.tif")
        path.parent.mkdir(parents=True, exist_ok=True)
        grid = Affine(pixel, 0, 500_000 + 20_000 * number, 0, -pixel, 5_000_000)
        profile = {"driver": "GTiff", "dtype": "uint16", "crs": "EPSG:32632", "transform": grid, "nodata": 0}
        with rasterio.open(path, "w", count=4, height=image.shape[1], width=image.shape[2], **profile) as file:
            file.write((image * 10000).round().clip(1, 65535).astype("uint16"))
            file.descriptions = ["B04", "B03", "B02", "B08"]

# %% [markdown]
# ## Fine-tune
#
# The run compares the pairs first, fits the blur, and says at its end whether it was better than its start.

# %%
import subprocess

command = ["rs-srgan-train", "finetune", "pairs", "-o", "run", "--steps", str(STEPS)]
subprocess.run([*command, "--trainer.enable_progress_bar", "false"], check=True)

# %%
report = Path("run", "report.md").read_text()
print(report[:1500])

# %% [markdown]
# ## Use the model
#
# `run/model` is a folder like every model: give it to `super_resolve`, `rs-srgan predict --model` or `rs-srgan push`.

# %%
from rs_srgan import load_model

model = load_model(Path("run", "model"))
sr = model.predict(lr)
model.config.mtf_nyquist, sr.shape

# %% [markdown]
# A trial with four places and 150 steps shows the way, not the limit. The guide *Fine-tuning* has measured gains, and
# explains shifts, tones, other sensors and units.
