"""The bands of Sentinel-2's MultiSpectral Instrument: resolution, wavelength, sharpness."""

from collections.abc import Sequence
from dataclasses import dataclass

from rs_srgan.errors import InputError


@dataclass(frozen=True)
class Band:
    """One spectral band.

    Attributes:
        name: as in product file names, B02.
        gsd_m: native pixel size on the ground, metres.
        wavelength_nm: central wavelength, nanometres (mean of Sentinel-2A and 2B).
        mtf_nyquist: modulation transfer at the Nyquist frequency of the native grid, detector included, in (0, 1).
    """

    name: str
    gsd_m: int
    wavelength_nm: float
    mtf_nyquist: float


# Resolutions and wavelengths: Sentinel-2 User Handbook, ESA. MTF: the Sentinel-2 L1C Data Quality Reports, in the
# values used by SupReME (Lanaras et al. 2017), MuSA (Paris et al. 2018) and S2Sharp (Ulfarsson et al. 2019).
SENTINEL2: dict[str, Band] = {
    band.name: band
    for band in (
        Band("B01", 60, 442.5, 0.32),
        Band("B02", 10, 492.3, 0.26),
        Band("B03", 10, 559.4, 0.28),
        Band("B04", 10, 664.8, 0.24),
        Band("B05", 20, 704.0, 0.38),
        Band("B06", 20, 740.0, 0.34),
        Band("B07", 20, 781.3, 0.34),
        Band("B08", 10, 832.9, 0.26),
        Band("B8A", 20, 864.4, 0.33),
        Band("B09", 60, 944.1, 0.26),
        Band("B11", 20, 1612.1, 0.22),
        Band("B12", 20, 2193.8, 0.23),
    )
}

RGBN: tuple[str, ...] = ("B04", "B03", "B02", "B08")

# What people call the bands, where that is all they say: "Red edge 1" and "green_i" are other bands.
_ALIASES = {"RED": "B04", "GREEN": "B03", "BLUE": "B02", "NIR": "B08"}


def canonical_name(description: str) -> str | None:
    """The band that a raster's description names: "B4", "b04 - red", "Red" -> "B04"; None where it names none."""
    words = description.upper().replace("-", " ").replace("_", " ").replace(",", " ").split()
    if not words:
        return None
    word = _ALIASES.get(words[0], words[0]) if len(words) == 1 else words[0]
    if len(word) == 2 and word[0] == "B":  # B4 -> B04; B8A has three characters already
        word = f"B0{word[1]}"
    return word if word in SENTINEL2 else None


def display_bands(names: Sequence[str]) -> tuple[str, ...]:
    """Which three of `names` to show as red, green and blue: true colour where they are there, else the first ones.

    With fewer than three the last one fills up.
    """
    if set(RGBN[:3]) <= set(names):
        return RGBN[:3]
    return tuple((*names, *[names[-1]] * 2)[:3])


def mtf_nyquist(names: Sequence[str]) -> tuple[float, ...]:
    """The MTF at Nyquist of each band in `names`.

    Raises:
        InputError: a name that is no Sentinel-2 band.
    """
    unknown = [name for name in names if name not in SENTINEL2]
    if unknown:
        raise InputError(
            f"No MTF is known for band {', '.join(unknown)}. Known: {', '.join(SENTINEL2)}. "
            "Give mtf_nyquist in the model's configuration for other sensors."
        )
    return tuple(SENTINEL2[name].mtf_nyquist for name in names)
