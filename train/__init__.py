"""Training with Lightning. `python -m train fit --config train/configs/NAME.yaml`."""
