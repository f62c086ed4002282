"""Set before anything loads OpenMP, in every process of pytest-xdist."""

import os

# Threads that wait for work shall sleep: spinning, they would take the cores of other processes.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
