import pytest

from rs_srgan import InputError
from rs_srgan.publishing.about import ABOUT_FILE, About, read_about


def test_without_a_file_all_texts_are_empty(tmp_path):
    assert read_about(tmp_path) == About()


def test_texts_are_read(tmp_path):
    (tmp_path / ABOUT_FILE).write_text('name = "moors/sr"\nlimits = """\nNot for\nthe sea."""\n')
    assert read_about(tmp_path) == About(name="moors/sr", limits="Not for\nthe sea.")


@pytest.mark.parametrize(("content", "named"), [("limit = 'x'", "limits"), ("name = 3", "text"), ("a =", "TOML")])
def test_a_wrong_file_is_refused(tmp_path, content, named):
    (tmp_path / ABOUT_FILE).write_text(content)
    with pytest.raises(InputError, match=named):
        read_about(tmp_path)
