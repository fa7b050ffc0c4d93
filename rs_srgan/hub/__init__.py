"""The Hugging Face Hub: names, downloads, uploads. Knows no model."""
