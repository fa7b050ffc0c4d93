import numpy as np
import pytest

from rs_srgan import InputError
from rs_srgan.catalogues.contact_sheet import write_contact_sheet
from rs_srgan.catalogues.search import search
from tests.rs_srgan.catalogues.products import add_item, box_of, land

Image = pytest.importorskip("PIL.Image")


def test_every_scene_has_a_picture_of_the_place(stac, catalogue, item, tmp_path):
    stac.items.append(add_item(stac.images, stac.url, land(600, 600, seed=3), day="2024-07-19"))
    scenes = search(box_of(item, 100, 100, 200, 200), "2024-07", catalogue)
    with Image.open(write_contact_sheet(scenes, tmp_path / "sheet.png")) as sheet:
        halves = np.split(np.asarray(sheet), 2, axis=1)
    assert all(half[:180].std() > 10 for half in halves)  # a picture, not a plain colour


def test_what_cannot_be_written_is_refused(tmp_path):
    for name in ("sheet.jpg", "absent/sheet.png"):
        with pytest.raises(InputError, match="png"):
            write_contact_sheet([], tmp_path / name)
    with pytest.raises(InputError, match="scene"):
        write_contact_sheet([], tmp_path / "sheet.png")
    (tmp_path / "area.png").write_text("the area of interest")
    with pytest.raises(InputError, match="exists"):
        write_contact_sheet([], tmp_path / "area.png")
    assert [path.name for path in tmp_path.iterdir()] == ["area.png"]
