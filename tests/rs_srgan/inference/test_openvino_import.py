import subprocess
import sys

CODE = """
import sys
import rs_srgan.inference
assert "openvino_telemetry" not in sys.modules
from rs_srgan.inference.openvino_import import openvino
assert "openvino_telemetry" not in sys.modules
from openvino.tools import ovc
print(ovc.telemetry.__class__.__module__)
"""


def test_openvino_is_imported_without_telemetry_and_the_process_is_as_before():
    """Telemetry runs in a forked process, which can hang."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout == "openvino.tools.ovc.telemetry_stub\n"
