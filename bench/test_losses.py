"""Every loss, value and gradient: the engines side by side, one table per loss and shape.

pytest bench/test_losses.py -k "huber and 100000" --threads 2
"""


def test_loss(benchmark, measure, request, case, engine):
    threads = request.config.getoption("threads")
    benchmark.group = f"{case} ({threads} thread{'s' if threads > 1 else ''})"
    measure(case, engine, threads)
