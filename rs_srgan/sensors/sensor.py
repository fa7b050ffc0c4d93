"""Sensor: an instrument's bands, and how its files store reflectance."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rs_srgan.errors import InputError
from rs_srgan.sensors.band_words import Dialect, Vocabulary, name_bands


@dataclass(frozen=True)
class Band:
    """One spectral band.

    Attributes:
        name: name in product files, for example B02.
        gsd_m: native pixel size on the ground, metres.
        wavelength_nm: central wavelength, nanometres.
        mtf_nyquist: modulation transfer at the Nyquist frequency of the native grid, detector included, in (0, 1).
    """

    name: str
    gsd_m: float
    wavelength_nm: float
    mtf_nyquist: float


@dataclass(frozen=True)
class Sensor:
    """An instrument: everything that reading, training and models need to know about it.

    Attributes:
        name: name in config.json and on the command line.
        title: name for people.
        bands: the spectral bands, in the order of their names.
        default_bands: names of the bands of a model that names none; the first three are red, green and blue.
        aliases: band names by other words, in capitals: {"RED": "B04"}. Spaces between the words do not count.
        dialects: aliases that hold only in some archives' files.
        foreign: regular expression for descriptions of other instruments, see `Vocabulary`.
        gain: reflectance per DN of a file without scale tags.
        bias: reflectance at DN 0 of a file without offset tags.
        nodata: DN without data in a file that declares no nodata value; None if every DN is data.
        empty: DN without data in such a file where all bands have it; None if every DN is data.
        registration_band: name of the band that revisits are compared in; used if the model has it.
        cloud_classes: values of the sensor's class mask that are clouds or cloud shadows, which have soft edges.
        hidden_classes: other values of the class mask whose pixels are unusable.
    """

    name: str
    title: str
    bands: tuple[Band, ...]
    default_bands: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict, hash=False)
    dialects: tuple[Dialect, ...] = field(default=(), hash=False)
    foreign: str | None = None
    gain: float = 1e-4
    bias: float = 0.0
    nodata: float | None = None
    empty: float | None = None
    registration_band: str | None = None
    cloud_classes: tuple[int, ...] = ()
    hidden_classes: tuple[int, ...] = ()

    @property
    def band_names(self) -> tuple[str, ...]:
        """Names of all bands."""
        return tuple(band.name for band in self.bands)

    def band(self, name: str) -> Band:
        """Return the band with a name.

        Raises:
            InputError: the sensor has no such band.
        """
        for band in self.bands:
            if band.name == name:
                return band
        raise InputError(
            f"{self.title} has no band {name}; its bands are {', '.join(self.band_names)}. "
            "Give a band of this sensor, or the sensor of this band: rs-srgan models."
        )

    def bands_named(self, descriptions: Sequence[str]) -> list[str | None]:
        """Return the bands that the descriptions of a file's bands mean, None where that is unclear.

        The descriptions are read together, see `rs_srgan.sensors.band_words`.
        """
        return name_bands(descriptions, self._vocabulary)

    def band_named(self, description: str) -> str | None:
        """Return the band that one description means by itself, or None: "B4", "b04, red" and "Red" all mean B04."""
        return self.bands_named([description])[0]

    @property
    def _vocabulary(self) -> Vocabulary:
        own = {name.upper(): name for name in self.band_names if not re.match(r"B\d", name)}
        aliases = {words.replace(" ", ""): band for words, band in self.aliases.items()}
        wavelengths = {band.name: band.wavelength_nm for band in self.bands}
        return Vocabulary(wavelengths, own | aliases, self.dialects, self.foreign)

    def mtf_nyquist(self, names: Sequence[str]) -> tuple[float, ...]:
        """Return the MTF at Nyquist of each band in `names`.

        Raises:
            InputError: the sensor lacks one of the bands.
        """
        unknown = [name for name in names if name not in self.band_names]
        if unknown:
            raise InputError(
                f"No MTF is known for band {', '.join(unknown)} of {self.title}; its bands are "
                f"{', '.join(self.band_names)}. Give mtf_nyquist in the model's configuration."
            )
        return tuple(self.band(name).mtf_nyquist for name in names)

    def display_bands(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the three of `names` to show as red, green and blue.

        These are the true colours if `names` has them, else the first three. The last name is repeated if there are
        fewer than three.
        """
        true_colour = self.default_bands[:3]
        if set(true_colour) <= set(names):
            return true_colour
        return tuple((*names, *[names[-1]] * 2)[:3])
