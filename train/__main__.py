"""`python -m train fit --config train/configs/NAME.yaml`: Lightning's command line on our modules."""

import sys

from lightning.pytorch.cli import LightningArgumentParser, LightningCLI

from rs_srgan.errors import InputError


class TrainCLI(LightningCLI):
    """LightningCLI; what model and data must agree on stands once, in the model's configuration."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Hand it from the model, once it is made, to the data."""
        for name in ("scale", "bands", "mtf_nyquist"):
            parser.link_arguments(f"model.{name}", f"data.init_args.{name}", apply_on="instantiate")


def main() -> int:
    """Run; 2 where the request cannot be met."""
    try:
        TrainCLI(save_config_kwargs={"overwrite": True}, subclass_mode_model=True, subclass_mode_data=True)
    except Exception as error:
        request = _cause(error)
        if request is None:
            raise
        print(f"train: {request}", file=sys.stderr)
        return 2
    return 0


def _cause(error: BaseException | None) -> InputError | None:
    """The InputError that `error` is, or comes from: jsonargparse wraps what a constructor raises."""
    while error is not None and not isinstance(error, InputError):
        error = error.__cause__ or error.__context__
    return error


if __name__ == "__main__":
    sys.exit(main())
