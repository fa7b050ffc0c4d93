import pytest

from rs_srgan import InputError
from rs_srgan.publishing.card_parts import merged, parse_card, with_record

BODY = (
    "---\nlibrary_name: rs_srgan\ntags:\n- a\n---\n\n# M\n\nAbout.\n\n## Figures\n\n{psnr} dB\n\n## Limits\n\nNone.\n"
)


def card(psnr=30, fingerprint="f"):
    return with_record(BODY.format(psnr=psnr), fingerprint)


def test_a_card_merged_with_itself_stays():
    assert merged(card(), card()) == card()
    assert parse_card(card()).by_hand == []
    assert merged(card().replace("\n", "\r\n"), card()) == card()


def test_untouched_sections_are_renewed_and_edited_ones_stay():
    edited = card().replace("None.", "Not for the sea.")
    assert parse_card(edited).by_hand == ["## Limits"]
    found = merged(edited, card(31))
    assert "31 dB" in found and "30 dB" not in found and "Not for the sea." in found
    assert "None." in merged(edited, card(31), replaced=["## Limits"])


def test_edited_figures_stay_only_with_their_weights():
    edited = card().replace("30 dB", "30 dB, great")
    assert "great" in merged(edited, card(31))
    assert "great" not in merged(edited, card(31, "g"))


def test_a_section_of_figures_that_a_person_wrote_stays_beside_ours():
    theirs = "# My moors\n\nAbout.\n\n## Figures\n\nFigure 1: a moor.\n\n### Of heather\n\nFigure 2.\n"
    first = merged(theirs, card(30))
    assert merged(first, card(30)) == first
    for made in (first, merged(first, card(31, "g"))):
        assert made.count("Figure 1: a moor.") == made.count("### Of heather") == made.count(" dB") == 1
    assert "30 dB" in first and "30 dB" not in merged(first, card(31, "g"))
    assert merged(card(30), first).count("Figure 1: a moor.") == 1, "a folder's card over that of the Hub"


def test_library_and_task_of_another_library_do_not_stay():
    theirs = "---\nlibrary_name: transformers\npipeline_tag: image-classification\nlicense: mit\n---\n\n# M\n"
    values = parse_card(merged(theirs, card())).values
    assert values["library_name"] == "rs_srgan" and values["license"] == "mit" and "pipeline_tag" not in values


def test_removed_sections_stay_removed_and_new_ones_keep_their_place():
    edited = card().replace("## Limits\n\nNone.\n", "").replace("## Figures", "## Thanks\n\nTo all.\n\n## Figures")
    found = merged(edited, card(31))
    assert "## Limits" not in found and found.index("About.") < found.index("To all.") < found.index("31 dB")


def test_metadata_of_people_stay():
    edited = card().replace("tags:\n- a\n", "license: mit\ntags:\n- b\n")
    values = parse_card(merged(edited, card())).values
    assert values == {"library_name": "rs_srgan", "license": "mit", "tags": ["b", "a"]}


def test_a_number_sign_in_code_is_no_heading():
    assert list(parse_card("# A\n\n```sh\n# no heading\n```\n").sections) == ["", "# A"]


@pytest.mark.parametrize("metadata", ["a: [", "- a"])
def test_metadata_that_are_none_are_refused(metadata):
    with pytest.raises(InputError, match="metadata"):
        merged(f"---\n{metadata}\n---\n", card())
