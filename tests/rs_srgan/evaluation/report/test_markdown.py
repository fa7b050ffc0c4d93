import pytest

from rs_srgan.evaluation.report.markdown import by_site, introduction, means, page


@pytest.mark.parametrize("guided", [True, False])
@pytest.mark.parametrize("protocol", ["simulated", "pairs", "real"])
def test_every_row_of_a_table_has_the_cells_of_its_header(make_report, protocol, guided):
    text = page(make_report(protocol, guided), [])
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) == (4 if protocol == "real" else 5)
    for lines in tables:
        assert len({line.replace("\\|", "").count("|") for line in lines}) == 1
        assert len({len(line) for line in lines}) == 1  # aligned


def test_the_best_method_is_bold_unless_all_are_equal(make_report):
    lines = means(make_report().mean).splitlines()
    psnr = next(line for line in lines if line.startswith("| PSNR, dB"))
    assert psnr.count("**") == 2
    assert "**33.00**" in psnr
    assert "**" not in next(line for line in lines if line.startswith("| shift of the best cPSNR"))


def test_sites_have_their_number_of_images_and_their_gain(make_report):
    site, other, mean = by_site(make_report()).splitlines()[2:]
    assert site.startswith("| a (2 images)") and "+1.00" in site
    assert other.startswith("| b\\|c")
    assert mean.startswith("| mean")


def test_gains_are_over_the_method_that_sees_the_guide(make_report):
    text = page(make_report(guided=True), [])
    assert "gain over MTF-GLP + back-projection, dB" in text
    site = next(line for line in text.splitlines() if line.startswith("| a (2 images)"))
    assert "+0.25" in site and "30.75" in site and "+1.00" not in site
    assert "MTF-GLP" not in page(make_report(), [])


def test_the_page_names_what_was_left_out_and_links_the_pictures(make_report):
    text = page(make_report(), [("best: a", "pictures/01.png")])
    assert "- small.tif: 40 x 12 pixels" in text
    assert "**best: a**\n\n![best: a](pictures/01.png)" in text
    assert "## Pictures" not in page(make_report(), [])


@pytest.mark.parametrize(
    ("unseen", "sentence"),
    [(None, ""), (True, "Training did not use these sites."), (False, "Training used these sites.")],
)
def test_the_introduction_repeats_only_what_was_stated(make_report, unseen, sentence):
    text = introduction(make_report(unseen=unseen))
    assert text.endswith(sentence)
    assert ("Training" in text) == (unseen is not None)


def test_a_report_without_a_reference_has_no_psnr(make_report):
    text = page(make_report("real"), [])
    assert "| PSNR, dB" not in text and "PSNR by band" not in text
