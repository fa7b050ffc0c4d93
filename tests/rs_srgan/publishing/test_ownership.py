import pytest

from rs_srgan import InputError
from rs_srgan.hub.repository import find_repository
from rs_srgan.publishing.ownership import refuse_foreign_model

NAME = "organisation/model"


@pytest.mark.parametrize(
    "files", [{}, {"README.md": b"x"}, {"config.json": b'{"model_class": 1, "format_version": 9}'}]
)
def test_new_and_own_repositories_may_be_pushed_to(hub, logged_in, files):
    hub.add(NAME, files)
    refuse_foreign_model(find_repository(NAME))


@pytest.mark.parametrize("files", [{"a.onnx": b""}, {"config.json": b"{"}, {"deep/model.safetensors": b"x"}])
def test_models_of_other_libraries_are_refused(hub, logged_in, files):
    hub.add(NAME, files)
    with pytest.raises(InputError, match="library"):
        refuse_foreign_model(find_repository(NAME))
