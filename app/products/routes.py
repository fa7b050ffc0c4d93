"""What the page asks the server about products."""

import numpy as np
from fastapi import APIRouter, Response

from app.jobs.survey import Box
from app.products.store import Products
from rs_srgan import InputError


def make_product_routes(products: Products) -> APIRouter:
    """Return the routes for the products of a server."""
    router = APIRouter()

    @router.get("/products/{name}/quicklook.webp")
    def quicklook(name: str) -> Response:
        picture = products.get(name).glance.quicklook
        return Response(picture, media_type="image/webp", headers={"Cache-Control": "private"})

    @router.get("/products/{name}/area")
    def area(name: str, left: float, top: float, right: float, bottom: float) -> dict[str, Box]:
        shares = (left, top, right, bottom)
        if not np.isfinite(shares).all():
            raise InputError(f"The area is {shares}; expected four finite numbers.")
        return {"bbox": products.get(name).area(*shares)}

    @router.get("/products/{name}/outline")
    def outline(name: str, west: float, south: float, east: float, north: float) -> dict[str, Box]:
        shares = products.get(name).outline((west, south, east, north))
        if shares is None:
            raise InputError("The area is outside of the product.")
        return {"shares": shares}

    return router
