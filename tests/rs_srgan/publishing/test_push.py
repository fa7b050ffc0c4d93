"""Pushing, over real HTTP: what goes, what stays, and what is refused before or by the Hub."""

import dataclasses
import os
import re
import subprocess
import sys
import warnings

import pytest
import torch
from huggingface_hub import ModelCard

from rs_srgan import InputError, load_model
from rs_srgan.cli.main import main
from rs_srgan.models.catalogue import catalogue
from rs_srgan.publishing import describe, push
from tests.rs_srgan.hub.server import OWNER, STRANGER
from tests.rs_srgan.publishing.conftest import NAME, PARTS


@pytest.fixture(autouse=True)
def _owner(logged_in):
    """All of them are logged in."""


def test_what_is_pushed_is_what_is_loaded_with_card_figures_and_pictures(hub, described, model, cache):
    pushed = push(described, NAME)
    assert pushed.url == f"{hub.url}/{NAME}"
    assert set(pushed.sent) == set(hub.repos[NAME].files()) == PARTS
    assert load_model(NAME, cache_dir=cache).fingerprint() == model.fingerprint()
    card = ModelCard(hub.repos[NAME].files()["README.md"].decode())
    assert (card.data.library_name, card.data.pipeline_tag) == ("rs_srgan", "image-to-image")
    assert {each.metric_type: each.metric_value for each in card.data.eval_results}["psnr"] == 31.0
    assert f'load_model("{NAME}")' in card.text and "(pictures/report_curves.png)" in card.text


@pytest.mark.parametrize("name", list(catalogue()))
def test_every_bundled_model_can_be_pushed_as_it_is(hub, name):
    folder = catalogue()[name].folder
    pushed = push(folder, f"organisation/{name}")
    assert set(pushed.sent) == {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_command_prints_the_address_and_says_what_it_sends(hub, described, capfd, caplog):
    assert main(["push", str(described), NAME]) == 0
    printed = capfd.readouterr()
    assert printed.out == f"{hub.url}/{NAME}\n"
    assert re.search(r"new model\.safetensors, \d+\.\d [kM]B", caplog.text)
    assert OWNER not in printed.err + caplog.text


def test_a_model_in_memory_is_pushed_with_its_reports(hub, model, report, cache):
    assert model.push_to_hub(NAME, reports=[report], private=True) == f"{hub.url}/{NAME}"
    assert hub.repos[NAME].private and set(hub.repos[NAME].files()) == PARTS
    with pytest.raises(InputError, match="reports="):
        model.push_to_hub("organisation/other")
    assert "organisation/other" not in hub.repos


@pytest.mark.parametrize(
    "options", [{"tags": "moor"}, {"tags": [5]}, {"license": 5}, {"commit_message": 5}, {"reports": "report"}]
)
def test_options_of_other_kinds_are_refused_before_the_hub_is_asked(hub, model, options):
    with pytest.raises(InputError, match="expected"):
        model.push_to_hub(NAME, force=True, **options)
    with pytest.raises(InputError, match="path"):
        push(None, NAME)
    assert hub.requests == []


def test_a_model_in_memory_whose_base_nobody_else_has_is_refused_before_the_hub_is_asked(hub, model, cache, tmp_path):
    base = tmp_path / "accurate"
    model.save_pretrained(base)
    model.config = dataclasses.replace(model.config, base_model=str(base))
    with pytest.raises(InputError, match="base_model") as refused:
        model.push_to_hub(NAME, force=True)
    assert str(base) in str(refused.value) and "config.json" not in str(refused.value)
    assert hub.requests == []
    load_model(base).push_to_hub("organisation/accurate", force=True)  # the remedy in the message
    model.config = dataclasses.replace(model.config, base_model="organisation/accurate")
    model.push_to_hub(NAME, force=True)
    assert load_model(NAME, detail=0.5, cache_dir=cache).fingerprint() == model.fingerprint()


def test_a_push_is_clean_where_warnings_are_errors(hub, model):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.push_to_hub(NAME, force=True, license="mit")
    assert "model.safetensors" in hub.repos[NAME].files()


def test_only_what_changed_is_sent(hub, described, caplog):
    push(described, NAME)
    hub.requests.clear()
    again = push(described, NAME)
    assert again.sent == () and set(again.unchanged) == PARTS
    assert {method for method, _, _ in hub.requests} <= {"GET", "HEAD"}
    (described / "about.toml").write_text(f'name = "{NAME}"\nlimits = "Not for the sea."\n')
    assert main(["card", str(described)]) == 0
    assert main(["push", str(described), NAME]) == 0
    assert "changed README.md" in caplog.text
    assert "unchanged: config.json, metrics.json, model.safetensors, pictures/" in caplog.text
    assert hub.uploads() == []
    assert b"Not for the sea." in hub.repos[NAME].files()["README.md"]


def test_pictures_of_an_earlier_push_go_and_what_others_put_there_stays(hub, described):
    push(described, NAME)
    repo = hub.repos[NAME]
    repo.commit("main", {**repo.files(), "notebook.ipynb": b"{}"}, "somebody's notebook")
    (described / "pictures" / "report_curves.png").unlink()
    describe(described)
    assert push(described, NAME).removed == ("pictures/report_curves.png",)
    assert set(repo.files()) == PARTS - {"pictures/report_curves.png"} | {"notebook.ipynb"}


def test_a_branch_is_made_where_there_is_none_and_leaves_main_alone(hub, described, model, cache):
    push(described, NAME)
    before = hub.repos[NAME].files()
    with torch.no_grad():
        model.generator.head.bias.add_(1)
    model.save_pretrained(described)
    assert main(["push", str(described), NAME, "--revision", "wide/r2", "--force"]) == 0
    assert hub.repos[NAME].files() == before
    assert load_model(NAME, revision="wide/r2", cache_dir=cache).fingerprint() == model.fingerprint()
    assert push(described, NAME, revision="wide/r2", force=True).sent == ()


def test_a_pull_request_asks_and_changes_nothing_and_can_be_added_to(hub, described, capsys):
    push(described, NAME)
    before = hub.repos[NAME].files()
    (described / "LICENSE").write_text("Do what you want.")
    assert main(["push", str(described), NAME, "--pull-request", "--message", "A licence"]) == 0
    assert capsys.readouterr().out == f"{hub.url}/{NAME}/discussions/1\n"
    assert hub.repos[NAME].files() == before
    assert hub.repos[NAME].messages[-1] == "A licence"
    (described / "LICENSE").write_text("Do not.")
    assert push(described, NAME, revision="refs/pr/1").sent == ("LICENSE",)
    assert hub.repos[NAME].files("refs/pr/1")["LICENSE"] == b"Do not."
    with pytest.raises(InputError, match="refs/pr/7"):
        push(described, NAME, revision="refs/pr/7")


def test_private_is_private_and_never_quietly_public(hub, described, cache, monkeypatch):
    assert main(["push", str(described), NAME, "--private"]) == 0
    assert hub.repos[NAME].private
    hub.repos[NAME].private = False
    (described / "LICENSE").write_text("Secret.")
    with pytest.raises(InputError, match="public"):
        push(described, NAME, private=True)
    assert "LICENSE" not in hub.repos[NAME].files()


def test_a_dry_run_says_all_and_does_nothing(hub, described, caplog):
    assert main(["push", str(described), NAME, "--dry-run"]) == 0
    assert "new model.safetensors" in caplog.text
    assert hub.repos == {} and not [path for method, path, _ in hub.requests if method != "GET"]


def test_a_folder_without_its_card_is_refused_before_anything_is_sent_unless_forced(hub, described):
    (described / "README.md").unlink()
    with pytest.raises(InputError, match="card"):
        push(described, NAME)
    assert main(["push", str(described), NAME]) == 2
    assert hub.requests == []
    assert main(["push", str(described), NAME, "--force"]) == 0


def test_a_folder_with_a_pickle_is_refused_also_when_forced(hub, described):
    (described / "last.ckpt").write_bytes(b"x")
    with pytest.raises(InputError, match="pickle"):
        push(described, NAME, force=True)
    assert main(["push", str(described), NAME, "--force"]) == 2
    assert hub.requests == []


def test_the_target_is_checked_before_the_folder(hub):
    with pytest.raises(InputError, match="organisation/name"):
        push("no-such-folder", "name")
    with pytest.raises(InputError, match="branch"):
        push("no-such-folder", NAME, revision="")
    assert hub.requests == []


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (None, "needs a token. Log in"),
        ("hf_unknown", "(401). Log in"),
        (STRANGER, "(403)"),
        ("hf_line\nbreak", "The token has"),
    ],
)
@pytest.mark.parametrize("exists", [True, False])
def test_without_the_right_token_nothing_happens_and_none_is_shown(
    hub, described, monkeypatch, token, words, exists, capfd, caplog
):
    if exists:
        push(described, NAME)
        (described / "LICENSE").write_text("x")
    monkeypatch.delenv("HF_TOKEN")
    if token and "\n" not in token:
        monkeypatch.setenv("HF_TOKEN", token)
    before = {name: repo.files() for name, repo in hub.repos.items()}
    with pytest.raises(InputError) as caught:
        push(described, NAME, token=token)
    assert words in str(caught.value)
    if token != "hf_line\nbreak":
        assert main(["push", str(described), NAME]) == 2
    printed = capfd.readouterr()
    assert all(
        secret not in printed.out + printed.err + caplog.text + str(caught.value) for secret in (token or "hf_", OWNER)
    )
    assert {name: repo.files() for name, repo in hub.repos.items()} == before


def test_offline_the_command_explains_the_failure_in_one_line(described):
    command = [sys.executable, "-m", "rs_srgan", "push", str(described), NAME]
    environment = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:1"}
    process = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert process.returncode == 2
    assert process.stderr.startswith(f"rs-srgan: {NAME}: the connection to the Hub at http://127.0.0.1:1 failed")
    assert process.stderr.count("\n") == 1


def test_the_command_offers_no_token_option(described, capsys):
    with pytest.raises(SystemExit):
        main(["push", str(described), NAME, "--token", OWNER])
    assert "unrecognized arguments: --token" in capsys.readouterr().err
    assert "--token" not in _help_of_push(capsys)


def _help_of_push(capsys):
    with pytest.raises(SystemExit):
        main(["push", "--help"])
    return capsys.readouterr().out
