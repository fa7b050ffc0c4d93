import pytest

from train.parser_error import one_line

NESTED = """Parser key "model":
  Does not validate against any of the Union subtypes
  Subtypes: [<class 'lightning.pytorch.core.module.LightningModule'>, <class 'NoneType'>]
  Errors:
    - Problem with given class_path 'train.gan.GANModule':
        Option 'lerning_rate' is not accepted
    - Expected a <class 'NoneType'>
  Given value type: <class 'dict'>
  Given value: {'class_path': 'train.gan.GANModule', 'init_args': {'lerning_rate': 1}}"""


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (
            NESTED,
            "Parser key \"model\": Problem with given class_path 'train.gan.GANModule': "
            "Option 'lerning_rate' is not accepted. Did you mean 'learning_rate'?",
        ),
        (
            "Subcommand 'fit' does not accept option 'trainer.max_epoch'",
            "Subcommand 'fit' does not accept option 'trainer.max_epoch'. Did you mean 'max_epochs'?",
        ),
        (
            "Problem with given class_path 'train.gan.GANModule': Option 'qwertz' is not accepted",
            "Problem with given class_path 'train.gan.GANModule': Option 'qwertz' is not accepted",
        ),
        (
            "Parser key \"reflectance_mean\": Expected a <class 'float'>. Got value: fit",
            "Parser key \"reflectance_mean\": Expected a <class 'float'>. Got value: fit. To measure it, set "
            "reflectance_mean: fit beside config, not in it.",
        ),
        ("Two\n  lines", "Two lines"),
    ],
)
def test_a_message_becomes_one_line_with_the_nearest_name(message, line):
    assert one_line(message) == line
