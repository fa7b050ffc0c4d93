import os
import subprocess
import sys

from tests.conftest import scene_dn


def test_a_proj_without_its_database_is_refused(write_tif, tmp_path):
    """Run a process of its own, because PROJ looks for its database only once."""
    code = "import sys; from rs_srgan.reading.opening import open_raster\nwith open_raster(sys.argv[1], ('B04',)): pass"
    command = [sys.executable, "-c", code, str(write_tif(scene_dn(4, 4)))]
    environment = os.environ | {"PROJ_DATA": str(tmp_path)}
    error = subprocess.run(command, env=environment, capture_output=True, text=True).stderr
    assert "ERROR" not in error  # GDAL's own message
    last = error.splitlines()[-1]
    assert "InputError: PROJ cannot use its database of coordinate systems." in last
    assert f"PROJ_DATA is {tmp_path}, perhaps of another installation: unset it." in last
