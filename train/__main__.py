"""`python -m train fit --config train/configs/NAME.yaml`: Lightning's command line on our modules."""

import os
import sys

from lightning.pytorch.cli import LightningArgumentParser, LightningCLI

from rs_srgan.errors import InputError


class TrainCLI(LightningCLI):
    """LightningCLI; the scale and bands stand once, in the model's configuration."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Link what model and data must agree on."""
        parser.link_arguments("model.init_args.config.scale", "data.init_args.scale")


def main() -> int:
    """Run; 2 where the request cannot be met."""
    # Lightning looks for a cluster's launcher; a single process is what this machine has unless one is there.
    os.environ.setdefault("PL_DISABLE_FORK", "1")
    try:
        TrainCLI(save_config_kwargs={"overwrite": True}, subclass_mode_model=True, subclass_mode_data=True)
    except InputError as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
