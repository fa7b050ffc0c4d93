"""The viewer: pictures, map tiles and values of a finished job."""
