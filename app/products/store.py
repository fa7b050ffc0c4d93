"""The Sentinel-2 products that a server knows: those of visitors, and those in the server's own folder."""

import logging
import os
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, Thread

from app.errors import Gone
from app.jobs.queue import Jobs
from app.jobs.uploads import link
from app.products.archive import unpack
from app.products.product import Product
from app.products.quicklook import glance_at, list_contents
from app.products.sample import SAMPLE_NOTE, write_sample_product
from app.settings import Settings
from rs_srgan import InputError
from rs_srgan.reading.safe_files import holds_product, is_archive, path_inside

logger = logging.getLogger(__name__)

# How deep the server's folder is searched for products, and how many visitors can choose from.
_MOST_OPEN = 50  # products that visitors look at; each has its files on the disk
_DEPTH, _MOST = 4, 500
_IMAGES = (".tif", ".tiff", ".jp2", ".png", ".npy", ".xml", ".json", ".jpg")

GONE = "This product has been removed from the server. Upload or choose it again."


class Products:
    """All products of a server by id.

    Args:
        settings: settings of the server.
        jobs: the queue. A product that a job reads is kept.
    """

    def __init__(self, settings: Settings, jobs: Jobs) -> None:
        self._settings, self._jobs = settings, jobs
        self._products: dict[str, Product] = {}
        self._lock = Lock()
        jobs.also_clear.append(self.clear)

    def receive(self, upload: Path) -> Product:
        """Take a zipped product that a visitor uploaded. Images that the quicklook does not need are unpacked later.

        Raises:
            InputError: the file is not an archive, is not safe to unpack, or contains no product.
        """
        if not is_archive(upload):
            raise InputError(f"{upload.name} is not a zip archive; expected a Sentinel-2 product as downloaded.")
        self._refuse_too_many()
        readers = self._jobs.readers
        with self._jobs.new_folder() as folder:
            archive = folder / upload.name
            link(upload, archive)  # Gradio may delete the upload at any time
            contents = readers.ask(upload.name, list_contents, archive)
            unpack(archive, folder, {contents.metadata} | contents.quick)
            unpacked = folder / path_inside(contents.metadata).parent
            product = Product(folder.name, upload.name, readers.ask(upload.name, glance_at, unpacked), folder)

        def unpack_rest() -> None:
            try:
                unpack(archive, folder, contents.images)
                archive.unlink()
            except InputError as error:
                product.failure = error
            except OSError:
                logger.exception("%s could not be unpacked.", archive)
                product.failure = InputError(f"{archive.name} could not be unpacked. Try again later.")

        product.unpacking = Thread(target=unpack_rest, daemon=True)
        product.unpacking.start()
        return self._keep(product)

    def make_sample(self) -> Product:
        """Make the sample product, as if a visitor had uploaded it."""
        with TemporaryDirectory(dir=self._settings.folder) as folder:
            product = self.receive(write_sample_product(Path(folder)))
        product.note = SAMPLE_NOTE
        return product

    def offered(self) -> list[str]:
        """Return the products in the server's own folder, as paths relative to it."""
        root = self._settings.data_root
        if root is None:
            return []
        found: list[str] = []
        for path, folders, files in os.walk(root):
            here = Path(path)
            products = [
                name for name in (*folders, *files) if _may_be_product(here / name) and holds_product(here / name)
            ]
            found += [str((here / name).relative_to(root)) for name in products]
            depth = len(here.relative_to(root).parts)
            folders[:] = [name for name in folders if name not in products and depth < _DEPTH]
            if len(found) >= _MOST:
                break
        return sorted(found)[:_MOST]

    def choose(self, name: str) -> Product:
        """Return a product in the server's own folder.

        Args:
            name: one of `offered`.

        Raises:
            InputError: the server does not offer this name, or cannot read the product.
        """
        root = self._settings.data_root
        if root is None or name not in self.offered() or not (root / name).resolve().is_relative_to(root.resolve()):
            raise InputError(f"{name!r:.120} is not a product of this server. Choose one from the list.")
        if is_archive(root / name):
            return self.receive(root / name)
        self._refuse_too_many()
        glance = self._jobs.readers.ask(Path(name).name, glance_at, root / name)
        return self._keep(Product(self._jobs.new_name(), Path(name).name, glance, None))

    def get(self, name: str | None) -> Product:
        """Return a product by its id.

        Raises:
            Gone: the server does not have it, or no longer has it.
            InputError: there is no id.
        """
        if not name:
            raise InputError("There is no product yet: upload one, or choose one.")
        with self._lock:
            product = self._products.get(name)
            if product is None:
                raise Gone(GONE)
            product.seen = time.monotonic()
            return product

    def clear(self, keep: float) -> None:
        """Remove the products that nobody asked for in `keep` seconds and that no job reads."""
        with self._lock:
            oldest = time.monotonic() - keep
            for product in list(self._products.values()):
                unpacking = product.unpacking is not None and product.unpacking.is_alive()
                needed = unpacking or (product.folder is not None and self._jobs.uses(product.folder))
                if product.seen < oldest and not needed:
                    del self._products[product.id]
                    if product.folder:
                        shutil.rmtree(product.folder, ignore_errors=True)

    def _refuse_too_many(self) -> None:
        with self._lock:
            if len(self._products) >= _MOST_OPEN:
                raise InputError("The server has too many products open. Try again in a few minutes.")

    def _keep(self, product: Product) -> Product:
        with self._lock:
            self._products[product.id] = product
        return product


def _may_be_product(path: Path) -> bool:
    """Return whether a folder or a file is worth a look inside: most files of a data folder are images."""
    return path.is_dir() or path.suffix.lower() not in _IMAGES
