# %% [markdown]
# # A place and a date
#
# Name an area and a time, find the clearest date in a catalogue, and super-resolve it. Nothing is downloaded as a
# whole: a few megabytes of the bands are read in place. This notebook needs the network.
#
# The first cell installs the package in Colab. Elsewhere it does nothing.

# %%
import importlib.util

PACKAGE = "rs_srgan[cpu,stac,maps]"  # or the path or address of its wheel
if importlib.util.find_spec("rs_srgan") is None:
    get_ipython().run_line_magic("pip", f'install -q "{PACKAGE}" spyndex')  # noqa: F821

# %% tags=["parameters"]
AREA = (10.90, 46.40, 10.93, 46.42)  # west, south, east, north in degrees
DATES = "2024-06-01/2024-08-31"
CATALOGUE = "earth-search"  # needs no account; or "planetary-computer", "copernicus"

# %% [markdown]
# ## Find the clearest date
#
# Clouds are counted over the area itself, not over the whole tile.

# %%
from rs_srgan.catalogues import search

scenes = search(AREA, DATES, CATALOGUE)
for scene in scenes[:5]:
    print(f"{scene.taken:%Y-%m-%d}  clouds {scene.cloud or 0:4.0%}  {scene.name}")

# %% [markdown]
# ## Super-resolve it
#
# Only the bands of the model and the area are read over the network. They stay in a cache, so a second run is fast.

# %%
from rs_srgan import super_resolve

super_resolve(scenes[0], "place_x4.tif", uncertainty="place_uncertainty.tif", overwrite=True)
super_resolve(scenes[0], "place_x2.tif", "sisr-x2-rgbn", overwrite=True)

# %%
import rasterio

with rasterio.open("place_x4.tif") as result:
    print(result.shape, result.crs, result.res, result.descriptions)

# %% [markdown]
# ## On a map
#
# Both results on one map, with a line between them.

# %%
from rs_srgan.maps import compare

compare("place_x2.tif", "place_x4.tif", names=("x2", "x4"))

# %% [markdown]
# Several dates of the same area go into one result with `choose_views`: see [several revisits](revisits.ipynb).
#
# The pixels are modified Copernicus Sentinel data. Say so, with the year, where you show them.
