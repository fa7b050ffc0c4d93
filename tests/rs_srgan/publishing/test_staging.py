"""Pushes to repositories where people wrote something: what stays, and what belongs to other weights."""

import json

import pytest
import torch
from huggingface_hub import ModelCard

from rs_srgan import InputError
from rs_srgan.cli.main import main
from rs_srgan.publishing import describe, push
from tests.rs_srgan.publishing.conftest import NAME, PARTS


@pytest.fixture(autouse=True)
def _owner(logged_in):
    """Log in for every test."""


def edit(repo, name, *pairs):
    """Commit another version of a file, as a person does in the browser."""
    text = repo.files()[name].decode()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    repo.commit("main", {**repo.files(), name: text.encode()}, "by hand")


def card(repo):
    return repo.files()["README.md"].decode()


def change_weights(model):
    with torch.no_grad():
        model.generator.head.bias.add_(1)


def test_texts_given_in_python_are_on_the_card_and_stay(hub, model, report):
    texts = {"license": "apache-2.0", "summary": "Made for moors.", "limits": "Not for the sea."}
    model.push_to_hub(NAME, reports=[report], tags=["moor"], **texts)
    repo = hub.repos[NAME]
    for _ in range(2):
        data = ModelCard(card(repo)).data
        assert data.license == "apache-2.0" and "moor" in data.tags
        assert "Made for moors." in card(repo) and "Not for the sea." in card(repo)
        model.push_to_hub(NAME, reports=[report])
    assert "Not for lakes." not in card(repo)
    model.push_to_hub(NAME, limits="Not for lakes.")
    assert "Not for lakes." in card(repo) and "Not for the sea." not in card(repo) and "Made for moors." in card(repo)


def test_a_push_from_python_keeps_about_toml_of_the_hub(hub, model, report, described):
    (described / "about.toml").write_text(f'# mine\nname = "{NAME}"\nlicense = "mit"\nlimits = "Not for the sea."\n')
    describe(described)
    push(described, NAME)
    before = hub.repos[NAME].files()["about.toml"]
    model.push_to_hub(NAME, reports=[report])
    assert hub.repos[NAME].files()["about.toml"] == before
    assert ModelCard(card(hub.repos[NAME])).data.license == "mit"


@pytest.mark.parametrize("way", ["folder", "memory"])
def test_edited_sections_and_metadata_on_the_hub_stay_and_figures_are_new(hub, model, report, described, way):
    push(described, NAME)
    repo = hub.repos[NAME]
    edit(
        repo,
        "README.md",
        ("## Limits\n", "## Limits\n\nEdited in the browser.\n"),
        ("## Data\n", "## Funding\n\nBy the moor.\n\n## Data\n"),
        ("tags:\n", "datasets:\n- organisation/moors\ntags:\n- moor\n"),
    )
    content = json.loads((report / "report.json").read_text())
    content["mean"]["model"]["psnr_db"] = 37.5
    (report / "report.json").write_text(json.dumps(content))
    if way == "memory":
        model.push_to_hub(NAME, reports=[report])
    else:
        describe(described, reports=[report])
        push(described, NAME)
    text = card(repo)
    assert "Edited in the browser." in text and "By the moor." in text and "37.50" in text
    assert text.index("## Training") < text.index("## Funding") < text.index("## Data")
    data = ModelCard(text).data
    assert data.datasets == ["organisation/moors"] and {"moor", "super-resolution"} <= set(data.tags)
    assert data.library_name == "rs_srgan" and data.eval_results


def test_the_command_keeps_a_card_that_a_person_wrote(hub, model_folder, report):
    (model_folder / "README.md").write_text("# My moors\n\nAll about moors.\n")
    for _ in range(2):
        assert main(["card", str(model_folder), "--report", str(report), "--name", NAME]) == 0
        text = (model_folder / "README.md").read_text()
        assert text.count("All about moors.") == text.count("# My moors") == text.count("## Figures") == 1
        assert "What it is for" not in text
    push(model_folder, NAME)
    assert card(hub.repos[NAME]) == text


def test_figures_stay_with_their_weights(hub, model, report):
    model.push_to_hub(NAME, reports=[report])
    repo = hub.repos[NAME]
    model.push_to_hub(NAME, license="mit")
    assert set(repo.files()) == PARTS and "31.00" in card(repo), "the same weights"
    edit(repo, "README.md", ("## Figures\n", "## Figures\n\nWonderful.\n"))
    change_weights(model)
    with pytest.raises(InputError, match="figures"):
        model.push_to_hub(NAME)
    assert set(repo.files()) == PARTS
    model.push_to_hub(NAME, force=True)
    assert set(repo.files()) == PARTS - {"metrics.json", "pictures/report_curves.png"}
    assert "31.00" not in card(repo) and "Wonderful." not in card(repo) and "Nothing was measured." in card(repo)
    assert ModelCard(card(repo)).data.eval_results is None


def test_a_forced_push_of_a_folder_sends_no_figures_of_other_weights(hub, described, model):
    push(described, NAME)
    change_weights(model)
    model.save_pretrained(described)
    assert main(["push", str(described), NAME, "--force"]) == 0
    repo = hub.repos[NAME]
    assert set(repo.files()) == PARTS - {"metrics.json", "pictures/report_curves.png"}
    assert "31.00" not in card(repo)


@pytest.mark.parametrize(
    "files",
    [
        {"config.json": b'{"model_type": "swin2sr"}', "model.safetensors": b"theirs"},
        {"pytorch_model.bin": b"theirs"},
        {"config.json": b"[1]"},
    ],
    ids=["transformers", "weights", "config"],
)
def test_a_model_of_another_library_is_not_replaced(hub, model, report, described, files):
    theirs = b"---\nlibrary_name: transformers\npipeline_tag: image-classification\nlicense: mit\n---\n\nTheirs.\n"
    files = {**files, "README.md": theirs}
    repo = hub.add(NAME, files)
    for attempt in (lambda: model.push_to_hub(NAME, reports=[report]), lambda: push(described, NAME)):
        with pytest.raises(InputError, match="library"):
            attempt()
    assert repo.files() == files
    model.push_to_hub(NAME, reports=[report], force=True)
    assert "model.safetensors" in repo.files() and "Theirs." in card(repo)
    data = ModelCard(card(repo)).data
    assert (data.library_name, data.pipeline_tag, data.license) == ("rs_srgan", "image-to-image", "mit")


def test_a_repository_with_only_a_text_is_no_model_and_keeps_it(hub, model, report):
    repo = hub.add(NAME, {"README.md": b"# Plans\n\nWe plan a model.\n", "notes.md": b"x"})
    model.push_to_hub(NAME, reports=[report])
    assert "We plan a model." in card(repo) and "## Figures" in card(repo) and "notes.md" in repo.files()


def test_messages_name_no_temporary_folder_and_no_command(hub, model, report, tmp_path, caplog):
    change_weights(model)
    for options in ({}, {"reports": [report]}, {"reports": [tmp_path / "none"]}, {"reports": str(report)}):
        with pytest.raises(InputError) as refused:
            model.push_to_hub(NAME, **options)
        assert "rs-srgan card" not in str(refused.value) and "/model" not in str(refused.value)
    model.push_to_hub(NAME, force=True)
    assert "license=" in caplog.text
    assert "rs-srgan card" not in caplog.text and "/model/" not in caplog.text


@pytest.mark.parametrize("content", [b"---\na: [\n---\n", b"\xff\xfe"])
def test_a_damaged_card_on_the_hub_is_named(hub, model, report, content):
    hub.add(NAME, {"README.md": content})
    with pytest.raises(InputError, match="README"):
        model.push_to_hub(NAME, reports=[report])
