import gradio as gr

from app.jobs.outlook import Outlook
from app.pages.tile_tab import describe_forecast, tile_tab
from app.products.store import Products
from app.products.submit import Forecast
from app.settings import Settings
from rs_srgan.hub.names import DEFAULT_MODEL
from rs_srgan.reading.grid import Grid
from tests.app.conftest import write_product
from tests.conftest import UTM_10M

GRID = Grid(height=120, width=130, transform=UTM_10M, crs=None)


def test_an_estimate_has_size_time_and_files():
    outlook = Outlook(GRID, 4, (), 15_600, 2_400_000_000, 15_600)
    assert describe_forecast(Forecast(outlook, 100, 0)) == (
        "130 x 120 px become 520 x 480 px in **67 s to 2 min**. The files have about **2.4 GB**."
    )


def test_an_estimate_has_the_time_in_the_queue():
    outlook = Outlook(GRID, 4, (), 15_600, 2_400_000, 15_600)
    assert "**1 s**, after about 13 s to 30 s in the queue. The files have about **2 MB**." in describe_forecast(
        Forecast(outlook, 0.1, 20)
    )


def test_a_page_offers_the_products_that_came_since_the_server_started(jobs, models, tmp_path):
    products = Products(Settings(folder=jobs.settings.folder, data_root=tmp_path), jobs)
    with gr.Blocks() as page, gr.Tabs():
        tile_tab(jobs, models, products)
    (offer,) = [each for each in page.fns.values() if each.fn and each.fn.__name__ == "offer"]
    assert [event for _, event in offer.targets] == ["load"]
    assert offer.fn()["visible"] is False
    safe = write_product(tmp_path, 120)
    assert offer.fn()["choices"] == [safe.name] and offer.fn()["visible"] is True


def test_an_area_that_is_not_filled_in_yet_leaves_the_estimate_as_it_is(jobs, models, tmp_path):
    products = Products(Settings(folder=jobs.settings.folder, data_root=tmp_path), jobs)
    with gr.Blocks() as page, gr.Tabs():
        tile_tab(jobs, models, products)
    product = products.choose(write_product(tmp_path, 120).name)
    (forecast,) = [each.fn for each in page.fns.values() if each.fn and each.fn.__name__ == "forecast"]
    options = (DEFAULT_MODEL, "", 1, False)
    assert forecast(product.id, None, *options) == gr.skip()
    assert "120 x 120 px" in forecast(product.id, "", *options)
