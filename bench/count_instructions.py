"""Call every loss with n and with 2n rows; run by test_instructions under callgrind.

`os.getppid` marks the calls: callgrind writes its counts and starts again at each of them.
"""

import gc
import json
import math
import os
import sys

import numpy as np

import fastloss as fl
from fastloss._cli.bench.measure import options_of
from fastloss._cli.peers import fastloss as engine
from fastloss.reference import LOSSES

ELEMENTS = 8192


def main() -> None:
    fl.set_num_threads(1)
    gc.disable()
    plan = []
    for loss in LOSSES.values():
        tail = loss.bench[1][1:]
        for rows in (n := max(1, ELEMENTS // math.prod(tail)), 2 * n):
            shape = (rows, *tail)
            arrays = loss.smooth_sample(np.random.default_rng(0), shape, np.dtype("float32"))
            calls = engine.prepare(loss.name, arrays, options_of(loss))
            call = calls.get("reused", calls["fresh"])
            call()
            os.getppid()
            call()
            os.getppid()
        plan.append({"name": loss.name, "elements": n * math.prod(tail)})
    isa = fl.get_config()["isa"]
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump({"isa": isa, "plan": plan}, file)


if __name__ == "__main__":
    main()
