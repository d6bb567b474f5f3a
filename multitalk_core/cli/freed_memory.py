"""Freed memory stays with the process instead of going back to the system and coming again, page by page."""

import ctypes
import os
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
LARGEST_REUSED = 2**25  # bytes: the most that glibc comes to by itself
MOST_KEPT = 2**28  # bytes free at the end of the heap
CHOSEN_BY_USER = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")


def keep_freed_memory() -> None:
    """Let glibc keep up to 256 MB free at the end of its heap, and reuse freed blocks of up to 32 MB.

    By itself glibc gives back all but twice the largest block freed so far: a network's buffers then go and
    come at every layer, with a page fault for every 4 KB. With another C library, or where the environment
    sets one of `CHOSEN_BY_USER`, nothing changes. It holds for the whole process: only the command line
    calls it, never a host whose process is someone else's.
    """
    if sys.platform != "linux" or any(name in os.environ for name in CHOSEN_BY_USER):
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "gnu_get_libc_version"):
        library.mallopt(M_MMAP_THRESHOLD, LARGEST_REUSED)
        library.mallopt(M_TRIM_THRESHOLD, MOST_KEPT)
