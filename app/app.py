"""Where a Hugging Face Space starts. Elsewhere: python -m app."""

import sys
from pathlib import Path

# In a Space this folder is the repository, so that the package it is must be found from above.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.ui import build, serve

if __name__ == "__main__":
    serve(build(), "0.0.0.0", 7860)
