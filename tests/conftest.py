"""Set up what the tests compare with: JAX on the CPU in 64-bit mode, and hypothesis.

``pytest --hypothesis-profile=thorough`` searches longer and from a new seed each time.
"""

import gc
import itertools
import os

# Read by JAX when it is first imported.
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_ENABLE_X64"] = "1"
# Its programs run once: compiling them took most of the time of the tests, and takes a third so.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
    " --xla_llvm_disable_expensive_passes=true",
)

from hypothesis import HealthCheck, settings

settings.register_profile(
    "quick",
    max_examples=25,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "thorough",
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("quick")


def pytest_terminal_summary(terminalreporter):
    """Say how many random programs the laws were run on."""
    counts = {"programs": 0, "set aside at kinks": 0, "not in JAX": 0}
    for report in itertools.chain.from_iterable(terminalreporter.stats.values()):
        if getattr(report, "when", None) == "teardown":
            for name, value in report.user_properties:
                if name in counts:
                    counts[name] += value
    if counts["programs"]:
        terminalreporter.write_line("laws: " + ", ".join(f"{n} {k}" for k, n in counts.items()))


def pytest_collection_finish():
    """Tests and modules stay until the end: the garbage collector need not look at them again."""
    gc.freeze()
