import pytest

from rs_srgan import InputError
from rs_srgan.hub.repository import find_repository

NAME = "organisation/small-model"


@pytest.fixture(autouse=True)
def _owner(logged_in):
    """Log in for every test."""


def test_a_repository_is_read_at_one_commit(hub):
    repo = hub.add(NAME, {"README.md": b"card", "model.safetensors": b"weights"})
    there = find_repository(NAME)
    repo.commit("main", {"README.md": b"newer"}, "meanwhile")
    assert there.exists and there.has_revision and set(there.hashes) == {"README.md", "model.safetensors"}
    assert (there.read("README.md"), there.read("model.safetensors"), there.read("x")) == (b"card", b"weights", None)
    assert "hf_" not in repr(there)


def test_a_repository_or_branch_that_is_not_there_is_no_error(hub):
    assert not find_repository(NAME).exists
    hub.add(NAME, {"README.md": b"card"})
    there = find_repository(NAME, "new")
    assert there.exists and not there.has_revision and there.read("README.md") == b"card"
    with pytest.raises(InputError, match="refs/pr/3"):
        find_repository(NAME, "refs/pr/3")
