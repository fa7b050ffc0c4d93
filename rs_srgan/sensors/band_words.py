"""Words of band descriptions: what the descriptions of a raster's bands say, decided over all of them together.

The same word means different bands in different archives, and people put dates, tiles and file names around it. So the
words that all descriptions share count for nothing, and each description is read beside the others.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# A description with one of these words is a statistic, a mask or an index, and no band.
_NO_BAND = re.compile(
    r"STD|STDDEV|STDEV|STDV|VAR|VARIANCE|COUNT|MASK|MSK|DATAMASK|FMASK|QA|QUALITY|CLOUDS?|SCL|ALPHA|UNCERTAINTY|WIDTH|"
    r"ERROR|PROBABILITY|DIFF|RATIO|INDEX|NDVI|NDWI|EVI|ANGLE|AZIMUTH|ZENITH"
)
# What was done about clouds is no band of clouds: "B02_cloud_masked".
_CLOUDLESS = re.compile(r"CLOUDS?[\W_]*(?:MASKED|FREE|REMOVED|FILTERED)")
# Words around a colour that do not change its meaning.
_AROUND = re.compile(
    r"BANDS?|CHANNEL|CH|REFLECTANCE|SURFACE|SR|NBART?|LAMBERTIAN|BOA|TOA|BOTTOM|TOP|OF|ATMOSPHERE|SENTINEL\w*|MSI|"
    r"L1C|L2A|HLS|S30|CENTRAL|WAVELENGTH|VEGETATION|VISIBLE|VIS|TIFF?|JP2|MEAN|MEDIAN|AVERAGE|MOSAIC|COMPOSITE|"
    # a date, a tile, a satellite, a pixel size
    r"(?:19|20)\d{6}(?:T\d{6})?|T?\d\d[A-Z]{3}|S2[A-D]?|\d\d?M"
)
# Words that number the bands of any file.
_ORDINALS = re.compile(r"BAND|LAYER|LYR|CHANNEL|CH|RASTER|BIDX")
_MEANINGFUL = re.compile(r"\b(B\d\w*|BLUE|GREEN|RED|(VN|N|SW)IR\w*)\b")
_LETTERS = {"R": "RED", "G": "GREEN", "B": "BLUE", "N": "NIR"}
_WAVELENGTH = re.compile(r"(\d+(?:\.\d+)?) ?(NM|NANOMET\w*|UM|µM|MICROMET\w*)\b")
# A number that may be a wavelength: nanometres, or micrometres with decimals.
_BARE = re.compile(r"(?<![\d.])(\d{3,4}(?:\.\d+)?|[0-2]\.\d{2,})(?![\d.])")
# Two names of one band may be that far apart: B08 and B8A are both called near infrared.
_SAME_COLOUR_NM = 35.0
# Nominal wavelengths differ that much between a band's tables.
_SAME_BAND_NM = 12.0


@dataclass(frozen=True)
class Dialect:
    """Words that mean other bands than usual, in files where `mark` is found.

    Attributes:
        mark: regular expression for the capitals of a description, with single spaces between its words.
        aliases: band names by words: capitals without spaces.
    """

    mark: str
    aliases: Mapping[str, str]


@dataclass(frozen=True)
class Vocabulary:
    """The words of one instrument.

    Attributes:
        wavelengths: central wavelengths by band name, nanometres.
        aliases: band names by other words, capitals without spaces: {"REDEDGE1": "B05"}.
        dialects: aliases that hold in some files only.
        foreign: regular expression for descriptions of other instruments, which number their bands differently; see
            `Dialect.mark`. Where it is found, band numbers say nothing.
    """

    wavelengths: Mapping[str, float]
    aliases: Mapping[str, str]
    dialects: Sequence[Dialect] = ()
    foreign: str | None = None


@dataclass
class _Reading:
    """What one description says.

    Attributes:
        words: its words, in capitals.
        codes: bands by their numbers.
        colour: the band that its colour means; None without a colour, or with words that may change its meaning.
        wavelength: the band of its wavelength.
        rest: words beside code and colour.
    """

    words: list[str]
    codes: set[str] = field(default_factory=set)
    colour: str | None = None
    wavelength: str | None = None
    rest: list[str] = field(default_factory=list)


def name_bands(descriptions: Sequence[str], vocabulary: Vocabulary) -> list[str | None]:
    """Return the band that each description means, None where that is unclear.

    Numbers ("B4", "band 04", "T33TWL_20230810_B04_10m") come before colours ("Red", "nbart_red"), and colours before
    wavelengths ("665 nm", "rhos_665"). If number and colour or wavelength of any description contradict each other, the
    numbers belong to another instrument and do not count.

    Args:
        descriptions: description of every band of a file, in the file's order.
        vocabulary: words of the instrument.
    """
    texts = _with_bare_wavelengths([_Text.of(description) for description in descriptions], descriptions, vocabulary)
    if are_ordinals(descriptions):
        return [None] * len(descriptions)
    words = _without_ordinals([text.words for text in texts])
    spaced = [" ".join(each) for each in words]
    aliases = dict(vocabulary.aliases)
    for dialect in vocabulary.dialects:
        if any(re.search(dialect.mark, each) for each in spaced):
            aliases |= dialect.aliases
    foreign = vocabulary.foreign is not None and any(re.search(vocabulary.foreign, each) for each in spaced)
    readings = [
        _read(each, text.nanometres, aliases, vocabulary, foreign) for each, text in zip(words, texts, strict=True)
    ]
    _settle(readings, vocabulary)
    return _purest(readings, vocabulary)


def are_ordinals(descriptions: Sequence[str]) -> bool:
    """Return whether descriptions only number the bands, from 0 or 1, or say the same of all: "Band 1", "scene_1"."""
    words = [_words(description) for description in descriptions]
    if not any(words):
        return True
    if len(words) > 1 and all(each == words[0] for each in words) and not _MEANINGFUL.search(" ".join(words[0])):
        return True
    split = [re.fullmatch(r"(.*?)(\d+)", " ".join(each)) for each in words]
    found = [(each[1].rstrip(), int(each[2])) for each in split if each]
    if len(found) < len(words):
        return False
    before, numbers = {each for each, _ in found}, [number for _, number in found]
    counted = numbers in (list(range(len(numbers))), list(range(1, len(numbers) + 1)))
    prefix = before.pop()
    letters = re.sub(r"[^A-Z]", " ", prefix).split()
    meaningful = letters[-1:] and letters[-1] in {"B", "NIR", "INFRARED", "SWIR", "RE", "EDGE", "REDEDGE", "VRE"}
    return counted and not before and not meaningful


@dataclass(frozen=True)
class _Text:
    """A description as words, and the wavelength that it states, nanometres."""

    words: list[str]
    nanometres: float | None

    @classmethod
    def of(cls, description: str) -> "_Text":
        text = description.upper()
        found = _WAVELENGTH.search(text)
        if found is None:
            return cls(_words(text), None)
        nanometres = float(found[1]) * (1 if found[2].startswith("N") else 1000)
        return cls(_words(text[: found.start()] + " " + text[found.end() :]), nanometres)


def _with_bare_wavelengths(texts: Sequence[_Text], descriptions: Sequence[str], vocabulary: Vocabulary) -> list[_Text]:
    """Return descriptions with the wavelengths that they state without a unit: "rhos_665", "Band 3 (0.6646)".

    Such numbers count if each description has one, each of another band.
    """
    found: list[float] = []
    for description in descriptions:
        numbers = [
            float(each) * (1000 if "." in each and float(each) < 3 else 1) for each in _BARE.findall(description)
        ]
        fitting = [each for each in numbers if _by_wavelength(each, vocabulary)]
        found += fitting[:1]
    bands = {_by_wavelength(each, vocabulary) for each in found}
    if len(texts) < 2 or len(bands) < len(texts):
        return list(texts)
    return [
        text if text.nanometres is not None else _Text(text.words, nanometres)
        for text, nanometres in zip(texts, found, strict=True)
    ]


def _by_wavelength(nanometres: float, vocabulary: Vocabulary) -> str | None:
    """Return the band of a wavelength; None if there is none."""
    band = min(vocabulary.wavelengths, key=lambda name: abs(vocabulary.wavelengths[name] - nanometres))
    return band if abs(vocabulary.wavelengths[band] - nanometres) <= _SAME_BAND_NM else None


def _words(description: str) -> list[str]:
    """Return the words of a description in capitals: letters and digits."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", description)  # RedEdge, NirNarrow
    return re.findall(r"[^\W_]+", _CLOUDLESS.sub(" ", apart.upper()))


def _without_ordinals(words: list[list[str]]) -> list[list[str]]:
    """Return the words without the numbering that some programs put before every description: "Band 1: Blue"."""
    for first in (0, 1):
        places = range(first, first + len(words))
        if len(words) > 1 and all(
            len(each) > 2 and _ORDINALS.fullmatch(each[0]) and each[1] == str(place)
            for each, place in zip(words, places, strict=True)
        ):
            return [each[2:] for each in words]
    singles = {each[0] for each in words if len(each) == 1}
    if singles >= {"R", "G", "B"}:
        return [[_LETTERS.get(each[0], each[0])] if len(each) == 1 else each for each in words]
    return words


def _read(
    words: list[str],
    nanometres: float | None,
    aliases: Mapping[str, str],
    vocabulary: Vocabulary,
    foreign: bool,
) -> _Reading:
    reading = _Reading(words)
    if any(map(_NO_BAND.fullmatch, words)):
        return reading
    used: set[int] = set()
    if not foreign:
        for at, word in enumerate(words):
            number = words[at + 1] if at + 1 < len(words) else ""
            glued = re.fullmatch(r"(?:B|BAND)0?(\d\d?A?)", word)
            apart = word in ("B", "BAND") and re.fullmatch(r"0?(\d\d?A?)", number)
            for found, places in ((glued, {at}), (apart, {at, at + 1})):
                if found and (band := _by_number(found[1], vocabulary)):
                    reading.codes.add(band)
                    used |= places
    reading.colour = _colour(words, used, aliases)
    reading.rest = [word for at, word in enumerate(words) if at not in used]
    if nanometres is not None:
        reading.wavelength = _by_wavelength(nanometres, vocabulary)
    return reading


def _by_number(number: str, vocabulary: Vocabulary) -> str | None:
    """Return the band with a number, for example 4 or 8A: files write B4 and B04."""
    return next((name for name in vocabulary.wavelengths if re.sub(r"^B0?(?=\d)", "", name) == number), None)


def _colour(words: list[str], used: set[int], aliases: Mapping[str, str]) -> str | None:
    """Return the band of the only alias among the words, the longest at each place; mark its words as used."""
    found: set[str] = set()
    places: set[int] = set()
    at = 0
    while at < len(words):
        for end in range(min(len(words), at + 4), at, -1):
            band = aliases.get("".join(words[at:end]))
            if band and not used.intersection(range(at, end)):
                found.add(band)
                places |= set(range(at, end))
                at = end
                break
        else:
            at += 1
    if len(found) != 1:
        return None
    used |= places
    return found.pop()


def _settle(readings: list[_Reading], vocabulary: Vocabulary) -> None:
    """Decide what stays of codes and colours, given all descriptions."""
    speaking = [reading for reading in readings if reading.codes or reading.colour]
    shared = set.intersection(*(set(reading.words) for reading in speaking)) if len(speaking) > 1 else set()
    shared_codes = set.intersection(*(reading.codes for reading in speaking)) if len(speaking) > 1 else set()
    for place, reading in enumerate(readings):
        if len(reading.codes) > 1:
            reading.codes -= shared_codes
        reading.rest = [
            word
            for word in reading.rest
            if not (word in shared | {str(place), str(place + 1)} or _AROUND.fullmatch(word))
        ]
        if reading.colour and not _explained(reading, vocabulary):
            reading.colour = None
    wavelengths = vocabulary.wavelengths
    contradicting = any(
        abs(wavelengths[other] - wavelengths[next(iter(reading.codes))]) > _SAME_COLOUR_NM
        for reading in readings
        for other in (reading.colour, reading.wavelength)
        if other and len(reading.codes) == 1
    )
    if contradicting:
        for reading in readings:
            reading.codes.clear()


def _explained(reading: _Reading, vocabulary: Vocabulary) -> bool:
    """Return whether the words beside a colour leave its meaning: none, or its wavelength."""
    nanometres = vocabulary.wavelengths[reading.colour or ""]
    return all(word.isdecimal() and abs(int(word) - nanometres) <= _SAME_BAND_NM for word in reading.rest)


def _purest(readings: Sequence[_Reading], vocabulary: Vocabulary) -> list[str | None]:
    """Return the band of each reading; of several for one band, only that without further words if there is one."""
    names: list[str | None] = []
    for reading in readings:
        code = next(iter(reading.codes)) if len(reading.codes) == 1 else None
        names.append(code or (None if reading.codes else reading.colour or reading.wavelength))
    for band in vocabulary.wavelengths:
        places = [place for place, name in enumerate(names) if name == band]
        pure = [place for place in places if not readings[place].rest]
        if len(places) > 1 and len(pure) == 1:
            for place in places:
                names[place] = band if place in pure else None
    return names
