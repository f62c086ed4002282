"""Instructions per element, counted by callgrind: repeatable to the last digit, on any machine.

The difference between a call with 2n and one with n rows, so that what a call costs drops out.
Valgrind knows no AVX-512: the level counted is x86-64-v3 at best. The counts are printed, to be
compared with those before a change.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("count_instructions.py")


@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_instructions(tmp_path, report):
    command = ["valgrind", "--tool=callgrind", "--dump-before=getppid"]
    command += [f"--callgrind-out-file={tmp_path}/counts", sys.executable, SCRIPT]
    plan_file = tmp_path / "plan.json"
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    ended = subprocess.run(
        [*command, plan_file], env=environment, capture_output=True, text=True, timeout=600
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    found = json.loads(plan_file.read_text())
    counts = [total(path) for path in sorted(tmp_path.glob("counts.*"), key=number)]
    title = f"instructions per element, {found['isa']}"
    for index, loss in enumerate(found["plan"]):
        once, twice = counts[4 * index + 1], counts[4 * index + 3]
        each = (twice - once) / loss["elements"]
        report(title, f"{loss['name']:42} {each:6.2f}")
        assert each > 0


def number(path: Path) -> int:
    return int(path.suffix[1:])


def total(path: Path) -> int:
    """The instructions of one dump."""
    return int(re.search(r"^totals: (\d+)", path.read_text(), re.M).group(1))
