"""Files of a model's folder and their hashes."""

import hashlib
import subprocess

import pytest

from rs_srgan.hub.files import COMMIT, HASH, describe_missing, has_hash


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.json"
    path.write_bytes(b'{"scale": 4}\n')
    return path


def test_a_large_file_has_its_sha_256(file):
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert HASH.fullmatch(digest) and not COMMIT.fullmatch(digest)
    assert has_hash(file, digest)
    assert not has_hash(file, "0" * 64)


def test_a_small_file_has_the_hash_that_git_gives(file):
    git = subprocess.run(["git", "hash-object", str(file)], capture_output=True, text=True, check=True).stdout.strip()
    assert COMMIT.fullmatch(git)
    assert has_hash(file, git)
    assert not has_hash(file, "0" * 40)


def test_a_pickle_in_place_of_the_weights_is_named():
    assert "model.pt" in describe_missing("org/model", "model.safetensors", ["config.json", "model.pt"])
    assert "pickle" not in describe_missing("org/model", "config.json", ["model.safetensors", "optimizer.pt"])
