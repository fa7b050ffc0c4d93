"""The address of the Hub in tests: a port of this machine, never the real Hub, without anybody's token or cache.

huggingface_hub reads these variables when it is imported. A replica answers for the tests of this folder. For all other
tests the port is closed.
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
