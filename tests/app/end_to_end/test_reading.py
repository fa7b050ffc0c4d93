"""How an image was read stands above its result, and a visitor can correct it."""

import pytest

from app.errors import FIELDS
from rs_srgan.reading.inspection import inspect_image
from rs_srgan.sensors import RGBN
from tests.app.conftest import SECONDS, keep_picture, sample_dn

# A table with its cells, and whether it scrolls inside itself.
TABLE = """() => {
  const table = document.querySelector('#patch-result .sr-read .sr-values');
  return {
    rows: [...table.rows].map(row => [...row.cells].map(cell => cell.textContent)),
    scopes: [...table.querySelectorAll('th')].map(cell => cell.scope),
    scrolls: table.parentElement.scrollWidth > table.parentElement.clientWidth,
    page: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  };
}"""


@pytest.fixture
def unnamed(write_tif):
    """An image whose bands are B02, B03, B04, B08, which it does not say; some pixels are 0."""
    dn = sample_dn(60)
    dn[:, :6] = 0
    return write_tif(dn, "unnamed.tif", bands=None)


def super_resolve(page) -> None:
    """Press the button, and wait for the result of the new job."""
    job = page.locator("#patch-result sr-job")
    before = job.get_attribute("data-id")
    page.locator("#start").click()
    done = f"#patch-result sr-job[data-remember][data-state=done]:not([data-id='{before}']) sr-viewer"
    page.wait_for_selector(done, timeout=SECONDS)


def test_a_warning_leads_to_a_field_that_corrects_the_image(page, unnamed):
    page.locator("#file input[type=file]").set_input_files(unnamed)
    page.wait_for_selector("#file .file-preview")
    super_resolve(page)
    warnings = page.locator("#patch-result .sr-warnings li").all_inner_texts()
    assert any(f"“{FIELDS['--band-names']}”" in text for text in warnings)
    assert any(f"“{FIELDS['--nodata']}” none" in text for text in warnings)

    page.locator("#patch-result .sr-read > summary").click()
    table = page.evaluate(TABLE)
    found = inspect_image(unnamed, RGBN)
    assert [row[0] for row in table["rows"][1:]] == list(RGBN)
    assert [row[3] for row in table["rows"][1:]] == [f"{band.median:.4f}" for band in found.bands]
    assert {row[6] for row in table["rows"][1:]} == {"10 %"}
    assert set(table["scopes"]) == {"col", "row"}
    page.set_viewport_size({"width": 390, "height": 844})
    narrow = page.evaluate(TABLE)
    assert narrow["scrolls"] and narrow["page"] <= 0
    keep_picture(page, "reading_390")
    page.set_viewport_size({"width": 1300, "height": 1000})

    page.locator(".sr-reading button").first.click()
    page.get_by_label(FIELDS["--band-names"]).first.fill("B02,B03,B04,B08")
    page.get_by_label(FIELDS["--nodata"]).first.fill("none")
    super_resolve(page)
    warnings = page.locator("#patch-result .sr-warnings").inner_text()
    assert "count as data" in warnings and "names no band" not in warnings
    page.locator("#patch-result .sr-read > summary").click()
    assert f"as stated by “{FIELDS['--band-names']}”" in page.locator("#patch-result .sr-read").inner_text()
    corrected = page.evaluate(TABLE)["rows"]
    assert [row[5] for row in corrected[1:]] == [table["rows"][at][5] for at in (3, 2, 1, 4)]  # the largest values
