"""From a finished job to pictures, map tiles and numbers."""
