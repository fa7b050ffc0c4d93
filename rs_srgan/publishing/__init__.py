"""From a model's folder to the Hugging Face Hub: its card, what may go, and how it gets there."""

from rs_srgan.hub.upload import Pushed
from rs_srgan.publishing.describe import describe
from rs_srgan.publishing.push import push

__all__ = ["Pushed", "describe", "push"]
