"""Where tests look for the Hub: here, never at the real one, and without anybody's token or cache.

huggingface_hub reads all of this when it is imported. In tests/rs_srgan/hub a look-alike answers; elsewhere the port is closed.
"""

import os
import socket
import tempfile

SOCKET = socket.socket()
SOCKET.bind(("127.0.0.1", 0))
os.environ["HF_ENDPOINT"] = "http://{}:{}".format(*SOCKET.getsockname())
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="rs_srgan_tests_")
os.environ["HF_HUB_DISABLE_XET"] = "1"  # huggingface_hub 2 uploads with it unasked
os.environ.pop("HF_TOKEN", None)
