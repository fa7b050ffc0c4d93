"""Print the table of docs/inputs.md: which inputs were tried, and how many were read right, refused, or read wrong.

Run: python -m benchmarks.inputs. It takes a minute. Each row stands for tests, which it runs: a test that passes is an
input that was read right, or refused or warned of with the remedy; a test that fails is one that was read wrong.
"""

import sys
from collections import Counter
from dataclasses import dataclass, field

import pytest

from rs_srgan.evaluation.report.tables import table

_WORDS, _READING = "tests/rs_srgan/sensors/test_band_words.py", "tests/rs_srgan/reading"


@dataclass(frozen=True)
class _Row:
    """A row of the table.

    Attributes:
        kind: what was tried.
        tests: the tests, one run for each input.
        remedy: True if the right outcome is a refusal or a warning with the remedy.
    """

    kind: str
    tests: tuple[str, ...]
    remedy: bool = False


_ROWS = (
    _Row(
        "naming schemes: Earth Engine, stactools, terra, QGIS, GDAL, ENVI, openEO, STAC, Digital Earth, HLS, FORCE, "
        "Element84, Planet, Theia, SNAP, ACOLITE, ...",
        (f"{_WORDS}::test_the_names_of_archives_and_programs_are_understood",),
    ),
    _Row("orders of the same names", (f"{_WORDS}::test_the_order_of_the_bands_does_not_change_their_meaning",)),
    _Row(
        "names of other instruments, other languages, statistics",
        (f"{_WORDS}::test_what_is_not_understood_means_nothing",),
        remedy=True,
    ),
    _Row(
        "colour interpretations",
        (f"{_READING}/test_bands.py::test_colour_interpretation_names_bands_without_descriptions",),
    ),
    _Row(
        "files of one band: names, images out of a product",
        (
            f"{_READING}/test_stack.py::test_the_names_of_the_files_name_the_bands",
            f"{_READING}/test_stack.py::test_images_out_of_a_product_have_its_offset_and_nodata",
            f"{_READING}/test_product_image.py::test_an_image_has_the_offset_and_the_date_of_its_product_by_every_path",
        ),
    ),
    _Row(
        "generations of products and offsets, L1C and L2A",
        (
            f"{_READING}/test_safe_metadata.py::test_the_offset_of_every_generation_of_products",
            f"{_READING}/test_safe_metadata.py::test_a_product_with_a_granule_for_each_pixel_size_is_read",
        ),
    ),
    _Row(
        "products without the offsets that they must list",
        (f"{_READING}/test_safe_metadata.py::test_a_product_that_lacks_its_offsets_is_refused_with_the_option",),
        remedy=True,
    ),
    _Row(
        "suffixes of a product's images, folder and archive",
        (f"{_READING}/test_safe.py::test_images_are_found_under_other_suffixes",),
    ),
    _Row(
        "names, folders and separators of archives",
        (
            f"{_READING}/test_safe_files.py::test_the_content_of_an_archive_decides_not_its_name",
            f"{_READING}/test_safe_files.py::test_an_archive_is_read_with_any_name_and_folder",
        ),
    ),
    _Row(
        "archives other than zip, other formats, folders and archives without a product, pages, palettes",
        (
            f"{_READING}/test_formats.py::test_archives_are_named_with_the_remedy",
            f"{_READING}/test_formats.py::test_other_formats_are_refused",
            f"{_READING}/test_safe_files.py::test_an_archive_of_other_things_is_refused_with_the_remedy",
            f"{_READING}/test_safe_files.py::test_a_folder_of_other_things_is_refused_with_the_remedy",
            f"{_READING}/test_bands.py::test_pages_and_palettes_are_refused_with_the_remedy",
        ),
        remedy=True,
    ),
    _Row(
        "encodings that are certain (metadata items, left-over scales, fill values, offsets in DN)",
        (
            f"{_READING}/test_encoding.py::test_scale_and_offset_in_the_metadata_are_used",
            f"{_READING}/test_encoding.py::test_a_scale_tag_left_over_on_reflectance_is_not_used",
            f"{_READING}/test_encoding.py::test_fill_values_in_all_bands_are_no_data",
            f"{_READING}/test_encoding.py::test_an_offset_in_dn_is_recognised",
        ),
    ),
    _Row(
        "encodings and fill values that are not certain",
        (
            f"{_READING}/test_survey.py::test_wrong_scales_are_reported_on_both_sides",
            f"{_READING}/test_survey.py::test_values_of_no_ground_in_all_bands_are_reported",
            f"{_READING}/test_survey.py::test_a_band_without_data_is_searched_beyond_the_samples",
            f"{_READING}/test_survey.py::test_a_band_of_one_value_is_named",
        ),
        remedy=True,
    ),
)


@dataclass
class _Outcomes:
    """A plugin of pytest that counts the outcomes of each test."""

    passed: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test that was called, or that failed in its setup."""
        name = report.nodeid.partition("[")[0]
        if report.when == "call" and report.passed:
            self.passed[name] += 1
        elif report.failed:
            self.failed[name] += 1


def main() -> None:
    """Run the tests of all rows, and print the table."""
    outcomes = _Outcomes()
    pytest.main(
        ["-q", "--no-header", "-p", "no:cacheprovider", *(test for row in _ROWS for test in row.tests)], [outcomes]
    )
    lines = []
    for row in _ROWS:
        well, wrong = (sum(each[test] for test in row.tests) for each in (outcomes.passed, outcomes.failed))
        counts = (well + wrong, 0 if row.remedy else well, well if row.remedy else 0, wrong)
        lines.append([row.kind, *map(str, counts)])
    header = ["kind", "tried", "right", "refused or warned, with remedy", "wrong"]
    sys.stdout.write(f"\n{table(header, lines)}\n")


if __name__ == "__main__":
    main()
