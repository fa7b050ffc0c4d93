"""`rs-srgan push`: options in, an address out."""

import argparse
import sys

from huggingface_hub.utils.tqdm import disable_progress_bars

from rs_srgan.publishing.push import push


def add_options(parser: argparse.ArgumentParser) -> None:
    """Those of the command. There is none for a token, which other users of the machine would see."""
    parser.add_argument("folder", metavar="FOLDER", help="the model's, such as runs/finetune/model")
    parser.add_argument("repo", metavar="ORG/NAME", help="where to; made if it does not exist")
    parser.add_argument("--private", action="store_true", help="make a private repository")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--revision", metavar="R", help="a branch, made if it does not exist, or refs/pr/N")
    where.add_argument("--pull-request", action="store_true", help="ask for the change instead of making it")
    parser.add_argument("--message", metavar="TEXT", help="of the commit")
    parser.add_argument("--force", action="store_true", help="also without a card or figures")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be sent")
    parser.add_argument("--quiet", action="store_true", help="no progress, only the address, warnings and errors")


def run(options: argparse.Namespace) -> None:
    """Push, and print the address."""
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
