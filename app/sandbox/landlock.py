"""Landlock, Linux's way for a process to give up access to files: afterwards only some folders can be read.

Source: <linux/landlock.h> and landlock(7). The numbers of its system calls are the same on all architectures.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_VERSION = 1  # flag of _CREATE_RULESET: only return which version the kernel has
# All rights by version. 1: read, write, make and remove files and folders; 2: move them; 3: empty files; 5: control
# devices. What a ruleset does not name stays allowed, and a kernel refuses rights that it does not know.
_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_PR_SET_NO_NEW_PRIVS = 38

# What Python, its packages and the C library read while a program runs.
_SYSTEM = ("/usr", "/lib", "/lib64", "/etc", "/dev/null", "/dev/urandom", "/sys/devices/system/cpu")


def allow_reading_only(folders: Iterable[Path]) -> bool:
    """Give up all access to files but reading some folders and what Python itself needs; return whether that worked.

    Args:
        folders: that can still be read, with all below them. They must exist.
    """
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, 0, _VERSION)
    if version < 1:  # a kernel before 5.13, or one without Landlock
        return False
    attributes = struct.pack("=Q", max(rights for first, rights in _RIGHTS.items() if first <= version))
    ruleset = libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    try:
        readable = {*map(Path, (*_SYSTEM, sys.prefix, sys.base_prefix, *(each or "." for each in sys.path))), *folders}
        for path in readable:
            if path.exists():
                _allow(libc, ruleset, path.resolve())
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return bool(libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path) -> None:
    rights = _EXECUTE | _READ_FILE | (_READ_DIR if path.is_dir() else 0)
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", rights, descriptor)
        if libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0) != 0:
            raise OSError(ctypes.get_errno(), f"Landlock refuses the rule for {path}")
    finally:
        os.close(descriptor)
