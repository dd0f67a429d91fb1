"""The real model, where a platform can run it.

In: this platform. Out: the path of the weights, or a skip with its reason. Never: a skip where the
model could have been installed: that is an error, and says how.
"""

import platform
import socket
from pathlib import Path

import pytest

from router.demo.weights import ModelMissingError, weights_file

START_SECONDS = 120.0
"""Catches a hang; a start takes a few seconds."""


def wheel_exists() -> bool:
    """Whether xllamacpp has a wheel for this platform: glibc Linux and macOS on common machines."""
    machine = platform.machine() in {"x86_64", "aarch64", "arm64"}
    return machine and (platform.system() == "Darwin" or platform.libc_ver()[0] == "glibc")


def real_weights() -> Path:
    """Return the model's file, or skip the test where no engine exists for this platform."""
    try:
        return weights_file()
    except ModelMissingError:
        if wheel_exists():
            raise
        pytest.skip(f"xllamacpp has no wheel for {platform.platform()}")


def free_port() -> int:
    """Return a port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
