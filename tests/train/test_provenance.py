import subprocess

from train.provenance import manifest_hash, revision


def test_the_manifest_depends_on_names_and_contents_only(tmp_path):
    folders = [tmp_path / name / "sentinel2" for name in ("a", "b")]
    for folder in folders:
        folder.mkdir(parents=True)
        for number in (1, 2):
            (folder / f"{number}.tif").write_bytes(bytes(number))
    first, second = (manifest_hash(folder.glob("*")) for folder in folders)
    assert first == second
    (folders[1] / "2.tif").write_bytes(b"other")
    assert manifest_hash(folders[1].glob("*")) != first


def test_the_revision_is_that_of_a_checkout_only(tmp_path):
    """Expect none for files that a repository does not track, as those of a virtual environment in it."""

    def git(*words):
        person = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(["git", *person, *words], cwd=tmp_path, check=True, capture_output=True)

    files = [tmp_path / folder / "provenance.py" for folder in ("train", "site-packages/train")]
    for file in files:
        file.parent.mkdir(parents=True)
        file.write_text("first")
    git("init", "-q")
    git("add", "train")
    git("commit", "-q", "-m", "first")
    own, installed = map(revision, files)
    assert len(own) == 40 and installed is None
    files[0].write_text("second")
    assert revision(files[0]) == f"{own}-dirty"
