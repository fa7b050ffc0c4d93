"""Secrets are found where they are."""

from torture.marks import leaks_in, secret


def test_a_secret_is_found_in_words_names_and_files(tmp_path):
    (tmp_path / "note.json").write_text(secret())
    (tmp_path / "fine.txt").write_text("nothing")
    (tmp_path / f"{secret()}.tif").touch()
    found = leaks_in(f"a line\nwith {secret()}\n", tmp_path)
    assert len(found) == 3 and "fine.txt" not in str(found)


def test_no_two_secrets_are_the_same():
    assert secret() != secret()
