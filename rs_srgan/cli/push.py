"""`rs-srgan push`: push a model to the Hugging Face Hub."""

import argparse
import sys

from huggingface_hub.utils.tqdm import disable_progress_bars

from rs_srgan.publishing.push import push


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `rs-srgan push` to a parser.

    There is no option for the token: other users of the machine can see the options of a running command.
    """
    parser.add_argument("folder", metavar="FOLDER", help="the model's folder, for example runs/finetune/model")
    parser.add_argument("repo", metavar="ORG/NAME", help="the repository; it is created if it does not exist")
    parser.add_argument("--private", action="store_true", help="create a private repository")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--revision", metavar="R", help="a branch, created if it does not exist, or refs/pr/N")
    where.add_argument("--pull-request", action="store_true", help="open a pull request instead of changing the branch")
    parser.add_argument("--message", metavar="TEXT", help="message of the commit")
    parser.add_argument("--force", action="store_true", help="do not check the card and the figures")
    parser.add_argument("--dry-run", action="store_true", help="only print which files would be sent")
    parser.add_argument("--quiet", action="store_true", help="print no progress, only the address, warnings and errors")


def run(options: argparse.Namespace) -> None:
    """Push the model, and print its address."""
    if options.quiet or not sys.stderr.isatty():
        disable_progress_bars()
    pushed = push(
        options.folder,
        options.repo,
        revision=options.revision,
        private=options.private or None,
        pull_request=options.pull_request,
        force=options.force,
        dry_run=options.dry_run,
        message=options.message,
    )
    sys.stdout.write(f"{pushed.url}\n")
