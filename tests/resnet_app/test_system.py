"""Memory that is freed goes back to the system."""

import subprocess
import sys

import pytest

from tests.paths import ROOT

PROGRAM = """
import os, time
from resnet_app import system
system.keep_together()
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20
held = [bytearray(2000) for _ in range(60_000)]
last = [bytearray(2000)]  # lies above them, so that free() alone cannot shorten the heap
full = resident()
del held
system.give_back_every(0.1)
for _ in range(100):
    time.sleep(0.1)
    if resident() < full - 80:
        break
print(full - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the allocator of glibc")
def test_what_is_freed_goes_back_in_time():
    told = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(told.stdout) > 80  # MiB of 115
