#!/usr/bin/env python3
"""Publishes lines `NAME VALUE` of the standard input to each endpoint that is named.

    publish.py URL...      LIBLARIAT names the library, if it is not where libraries are
"""

import ctypes
import os
import sys

lariat = ctypes.CDLL(os.environ.get("LIBLARIAT", "liblariat.so.0"))
lariat.lariat_strerror.restype = ctypes.c_char_p
lariat.lariat_sample.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint64,
                                 ctypes.POINTER(ctypes.c_double), ctypes.c_size_t]


class Publisher:
    """What is published goes to all endpoints; none of them is waited for before the end."""

    def __init__(self, *urls: str) -> None:
        self.handle = ctypes.c_void_p()
        check(lariat.lariat_open(ctypes.byref(self.handle), None))
        for url in urls:
            check(lariat.lariat_connect(self.handle, url.encode(), None))

    def sample(self, name: str, *values: float) -> None:
        numbers = (ctypes.c_double * len(values))(*values)
        check(lariat.lariat_sample(self.handle, name.encode(), 0, numbers, len(values)))
        check(lariat.lariat_poll(self.handle, 0))

    def close(self, timeout_ms: int = 5000) -> None:
        check(lariat.lariat_flush(self.handle, timeout_ms))
        check(lariat.lariat_close(self.handle))


def check(result: int) -> None:
    if result < 0:
        raise OSError(lariat.lariat_strerror(result).decode())


if __name__ == "__main__":
    publisher = Publisher(*sys.argv[1:])
    for line in sys.stdin:
        series, _, number = line.strip().rpartition(" ")
        publisher.sample(series, float(number))
    publisher.close()
