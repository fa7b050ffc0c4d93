import subprocess

import pytest

from rs_srgan.cli.completion import SHELLS
from rs_srgan.cli.main import full_parser, main


@pytest.fixture(scope="module")
def scripts() -> dict[str, str]:
    import shtab

    parser = full_parser()
    return {shell: shtab.complete(parser, shell) for shell in SHELLS}


def test_the_command_prints_the_script(capsys, scripts):
    with pytest.raises(SystemExit) as ended:
        main(["--print-completion", "bash"])
    assert not ended.value.code
    assert capsys.readouterr().out.rstrip() == scripts["bash"].rstrip()


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_knows_commands_and_options(scripts, shell):
    assert all(word in scripts[shell] for word in ("predict", "evaluate", "uncertainty", "landsat-oli"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("rs-srgan pr", {"predict"}),
        ("rs-srgan predict in.tif -o out.tif --unc", {"--uncertainty"}),
        ("rs-srgan predict in.tif --precision b", {"bf16"}),
    ],
)
def test_bash_completes(scripts, words, expected):
    *before, last = words.split()
    quoted = " ".join([*before, last])
    ask = f"COMP_WORDS=({quoted}); COMP_CWORD={len(before)}; _shtab_rs_srgan; echo ${{COMPREPLY[@]}}"
    run = subprocess.run(["bash", "-c", f"{scripts['bash']}\n{ask}"], capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) == expected
