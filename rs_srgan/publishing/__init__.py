"""Publishing a model on the Hugging Face Hub: its card, the check of its files, and the push."""

from rs_srgan.hub.upload import Pushed
from rs_srgan.publishing.describe import describe
from rs_srgan.publishing.push import push

__all__ = ["Pushed", "describe", "push"]
