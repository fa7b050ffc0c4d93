"""Sensors: the registry of instruments, and how they blur and sample the ground."""

from rs_srgan.errors import InputError
from rs_srgan.sensors.landsat_oli import LANDSAT_OLI
from rs_srgan.sensors.sensor import Band, Sensor
from rs_srgan.sensors.sentinel2 import RGBN, SENTINEL2

# All sensors by name. A new sensor is one file beside sentinel2.py, and one entry here.
SENSORS: dict[str, Sensor] = {sensor.name: sensor for sensor in (SENTINEL2, LANDSAT_OLI)}


def find_sensor(name: str) -> Sensor:
    """Return the sensor with a name.

    Raises:
        InputError: there is no such sensor.
    """
    if name not in SENSORS:
        raise InputError(f"The sensor is {name!r}; expected one of {', '.join(SENSORS)}.")
    return SENSORS[name]


__all__ = ["LANDSAT_OLI", "RGBN", "SENSORS", "SENTINEL2", "Band", "Sensor", "find_sensor"]
