import httpx
import pytest

from app.pages.assets import WEB


def test_health_is_answered(server):
    assert httpx.get(f"{server.address}/health").json() == {"status": "ok"}


@pytest.mark.parametrize("name", [*sorted(path.name for path in WEB.iterdir()), "maplibre-gl.js"])
def test_scripts_and_styles_are_served(server, name):
    assert httpx.get(f"{server.address}/web/{name}").status_code == 200


def test_pictures_of_cards_are_served(server):
    assert httpx.get(f"{server.address}/cards/sisr-x4-rgbn/pictures/x.png").status_code == 404
    assert httpx.get(f"{server.address}/cards/nothing/pictures/x.png").status_code == 404


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "app/server.py"])
def test_files_of_the_server_are_not_served(server, path):
    for route in ("gradio_api/file=", "web/", "jobs/x/files/"):
        assert httpx.get(f"{server.address}/{route}{path}").status_code in (403, 404)
