"""What is said of errors that nobody foresaw."""

from __future__ import annotations

import errno
import logging

import pytest

from hands3c_core.errors import UserError, is_out_of_memory, unexpected

NO_MEMORY = [
    MemoryError(),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"),
    RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("Exception from src/core/src/runtime/allocator.cpp:79:\nstd::bad_alloc\n"),
    ImportError("libtorch_cpu.so: failed to map segment from shared object"),
]


@pytest.mark.parametrize("error", NO_MEMORY, ids=lambda error: type(error).__name__)
def test_memory_that_ran_out_is_known_however_it_is_said(error, caplog):
    log = logging.getLogger("test")
    with caplog.at_level(logging.INFO):
        told = unexpected(log, "The model could not be built", error)
    assert is_out_of_memory(error)
    assert told.startswith("The model could not be built: there is not enough memory.")
    assert "\n" not in told
    assert [record.levelno for record in caplog.records] == [logging.INFO]  # not on the terminal


def test_what_led_to_it_counts():
    error = RuntimeError("no runtime works")
    error.__context__ = MemoryError()
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("shapes differ"),
        UserError("clip.mp4 names a frame of 10 GB: can't allocate memory for it"),
        ImportError("x.so: cannot allocate memory in static TLS block"),
    ],
)
def test_other_errors_are_none_of_it(error, caplog):
    assert not is_out_of_memory(error)
    told = unexpected(logging.getLogger("test"), "The export failed", error)
    assert told == f"The export failed ({error}); the log has the details."
    assert caplog.records[-1].exc_info
