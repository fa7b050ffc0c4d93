"""Uploads of files over real HTTP; tests/rs_srgan/publishing/test_push.py pushes whole models."""

import pytest

from rs_srgan import InputError
from rs_srgan.hub.upload import check_target, upload
from tests.rs_srgan.hub.server import OWNER

NAME = "organisation/small-model"


@pytest.fixture(autouse=True)
def _owner(logged_in):
    """Log in for every test."""


@pytest.fixture
def folder(tmp_path):
    """Return files by their paths in the repository: text, and pictures, which the Hub keeps outside of Git."""
    content = {"README.md": b"card", "pictures/a.png": b"\x89PNG a", "pictures/b.png": b"\x89PNG b"}
    files = {}
    for name, data in content.items():
        files[name] = tmp_path / name.replace("/", "_")
        files[name].write_bytes(data)
    return files


def send(files, **options):
    return upload(files, NAME, replaced_folder="pictures", **options)


def test_the_repository_holds_the_files_as_one_commit(hub, folder):
    pushed = send(folder, message="First")
    assert (pushed.url, pushed.sent, pushed.removed, pushed.unchanged) == (f"{hub.url}/{NAME}", tuple(folder), (), ())
    assert hub.repos[NAME].files() == {name: path.read_bytes() for name, path in folder.items()}
    assert hub.repos[NAME].messages[-1] == "First"


def test_only_changed_files_are_sent(hub, folder):
    send(folder)
    folder["pictures/a.png"].write_bytes(b"\x89PNG c")
    before = len(hub.repos[NAME].commits)
    pushed = send(folder)
    assert (pushed.sent, pushed.unchanged) == (("pictures/a.png",), ("README.md", "pictures/b.png"))
    assert hub.repos[NAME].files()["pictures/a.png"] == b"\x89PNG c"
    assert len(hub.repos[NAME].commits) == before + 1


def test_nothing_is_committed_if_nothing_changed(hub, folder):
    send(folder)
    before = len(hub.repos[NAME].commits)
    assert send(folder).sent == ()
    assert len(hub.repos[NAME].commits) == before


def test_old_files_are_removed_from_the_replaced_folder_only(hub, folder):
    send(folder)
    repo = hub.repos[NAME]
    repo.commit("main", {**repo.files(), "notes.md": b"theirs"}, "somebody else")
    del folder["pictures/b.png"], folder["README.md"]
    assert send(folder).removed == ("pictures/b.png",)
    assert set(repo.files()) == {"README.md", "pictures/a.png", "notes.md"}


def test_a_new_branch_starts_as_main_and_main_stays(hub, folder):
    send(folder)
    main = hub.repos[NAME].files()
    folder["README.md"].write_bytes(b"other card")
    pushed = send(folder, revision="try/one")
    assert pushed.sent == ("README.md",)
    assert pushed.url == f"{hub.url}/{NAME}/tree/try%2Fone"
    assert hub.repos[NAME].files() == main
    assert hub.repos[NAME].files("try/one") == {**main, "README.md": b"other card"}


def test_a_pull_request_has_its_own_address_and_leaves_main(hub, folder):
    send(folder)
    main = hub.repos[NAME].files()
    folder["README.md"].write_bytes(b"better card")
    assert send(folder, pull_request=True).url == f"{hub.url}/{NAME}/discussions/1"
    assert hub.repos[NAME].files() == main
    assert hub.repos[NAME].files("refs/pr/1")["README.md"] == b"better card"


@pytest.mark.parametrize("exists", [True, False])
def test_a_dry_run_reports_the_changes_and_only_reads(hub, folder, exists):
    if exists:
        hub.add(NAME, {"README.md": b"card"})
    pushed = send(folder, dry_run=True)
    assert ("README.md" in pushed.unchanged) == exists
    assert {"pictures/a.png", "pictures/b.png"} <= set(pushed.sent)
    assert {method for method, _, _ in hub.requests} == {"GET"}


def test_private_files_are_not_sent_to_a_public_repository(hub, folder):
    hub.add(NAME, {})
    with pytest.raises(InputError, match="public"):
        send(folder, private=True)
    assert hub.repos[NAME].files() == {}


def test_a_commit_of_somebody_else_in_the_meantime_is_not_overwritten(hub, folder):
    send(folder)
    hub.push_meanwhile = True
    folder["README.md"].write_bytes(b"x")
    with pytest.raises(InputError, match="meantime"):
        send(folder)
    assert send(folder).sent == ("README.md",)
    assert set(hub.repos[NAME].files()) == {*folder, "notes.md"}


def test_an_upload_that_fails_changes_nothing(hub, folder):
    hub.storage_full = True
    with pytest.raises(InputError, match="507"):
        send(folder)
    assert hub.repos[NAME].files() == {}
    hub.storage_full = False
    assert set(send(folder).sent) == set(folder)


def test_the_hubs_complaint_about_metadata_is_quoted_in_one_line(hub, folder):
    folder["README.md"].write_text("---\nlicense: 3\n---\n")
    with pytest.raises(InputError, match=r"README\.md") as refused:
        send(folder)
    assert '"license" must be a string' in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_token_that_is_given_counts(hub, folder, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(InputError, match="HF_TOKEN"):
        send(folder)
    assert hub.requests == []
    assert set(send(folder, token=OWNER).sent) == set(folder)


@pytest.mark.parametrize("name", ["name", "a/b/c", "", "organisation/", "organisation/na me", "./small-model"])
def test_a_name_that_is_no_id_is_refused(hub, folder, name):
    with pytest.raises(InputError, match="organisation/name"):
        upload(folder, name, replaced_folder="pictures")
    assert hub.requests == []


@pytest.mark.parametrize("revision", ["", "0" * 40])
def test_a_revision_that_nothing_can_be_pushed_to_is_refused(hub, folder, revision):
    with pytest.raises(InputError, match="branch"):
        send(folder, revision=revision)
    assert hub.requests == []


@pytest.mark.parametrize(
    ("revision", "pull_request", "allowed"),
    [(None, True, True), ("branch", False, True), ("refs/pr/3", False, True), ("branch", True, False)],
)
def test_a_pull_request_has_no_revision(revision, pull_request, allowed):
    if allowed:
        check_target(NAME, revision, pull_request)
    else:
        with pytest.raises(InputError, match="pull_request"):
            check_target(NAME, revision, pull_request)
