"""Build of the one extension module: every kernel once per instruction set."""

import os
import platform
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.modified import newer_group

X86 = platform.machine().lower() in {"x86_64", "amd64"}
ARM = platform.machine().lower() in {"arm64", "aarch64"}

# Less peeling than -O3 likes: a quarter off the size, no slower. Where there is no
# AVX2, small code; the smallest where any processor of today has a better level.
FAST = (
    ["-O3"] if sys.platform == "darwin" else ["-O3", "--param", "max-completely-peeled-insns=100"]
)
SMALLEST = ["-Os", "-DFL_LEAN=1"]
SMALL = ["-O2", "-ftree-vectorize", "-falign-loops=1", "-falign-jumps=1", "-DFL_LEAN=1"]

# The one list of instruction sets: source file -> compiler flags.
ISAS = {
    **({"v2": SMALL + ["-march=x86-64-v2"]} if X86 else {}),
    **({"v3": FAST + ["-march=x86-64-v3"]} if X86 else {}),
    # The vectoriser's default of 32-byte vectors would halve the throughput of v4.
    **({"v4": FAST + ["-march=x86-64-v4", "-mprefer-vector-width=512"]} if X86 else {}),
    **({"aarch64": FAST} if ARM else {}),
    "generic": SMALLEST if X86 or ARM else FAST,
}
# For a quick build while developing: FASTLOSS_BUILD_ISAS=v4 compiles that one alone.
ONLY = os.environ.get("FASTLOSS_BUILD_ISAS", "").replace(",", " ").split()
ISAS = {isa: flags for isa, flags in ISAS.items() if not ONLY or isa in ONLY}

# No -ffast-math: NaN, Inf, rounding and the process's floating-point state stay as they are.
# Contraction is off so that every fused multiply-add is one that the source asks for. Nothing is
# thrown through these functions: tables for unwinding them would be 3 % of the wheel.
FLAGS = ["-std=c11", "-fopenmp-simd", "-ffp-contract=off", "-fno-math-errno",
         "-fno-trapping-math", "-fno-asynchronous-unwind-tables", "-fvisibility=hidden", "-g0",
         "-Wall", "-Wextra", "-Wno-missing-field-initializers"]  # fmt: skip
OPENMP = [] if sys.platform == "darwin" else ["-fopenmp"]
SHARED = ["registry.c", "boost.c", "ratio.c", "runs.c", "detection.c", "geometry.c", "space.c",
          "dispatch.c", "parallel.c", "keep.c"]  # fmt: skip


def files(pattern):
    return sorted(str(path) for path in Path().glob(pattern))


SHARED += [source.removeprefix("csrc/") for source in files("csrc/metrics/*.c")]
HEADERS = files("csrc/**/*.h") + files("csrc/*.def")


class BuildExt(build_ext):
    """Compile the C sources beside the extension, all instruction sets in parallel.

    They know nothing of Python, so every interpreter shares the objects in build/objects-*. The
    extension itself is translated and compiled among them.
    """

    def build_extension(self, ext):
        built, wanted = self.get_ext_fullpath(ext.name), Path("build/isas.txt")
        same = wanted.exists() and wanted.read_text() == " ".join(ISAS)
        if same and not (self.force or newer_group(ext.sources + ext.depends, built)):
            return
        directory = "-".join(["build/objects", self.plat_name, *ONLY])
        units = [(f"csrc/isa/{isa}.c", flags) for isa, flags in ISAS.items()]
        units += [(f"csrc/{name}", OPENMP) for name in SHARED]

        def compile_unit(unit):
            source, flags = unit
            objects = self.compiler.object_filenames([source], output_dir=directory)
            if self.force or newer_group([source, "setup.py", *HEADERS], objects[0]):
                self.compiler.compile(
                    [source],
                    output_dir=directory,
                    include_dirs=["csrc"],
                    extra_postargs=[*FLAGS, *flags, *(f"-DFL_HAVE_{isa}" for isa in ISAS)],
                )
            return objects

        def compile_core():
            [core] = cythonize([ext], compiler_directives={"language_level": 3})
            return self.compiler.compile(
                core.sources,
                output_dir=self.build_temp,
                macros=ext.define_macros,
                include_dirs=ext.include_dirs,
                extra_postargs=ext.extra_compile_args,
                depends=ext.depends,
            )

        workers = self.parallel if isinstance(self.parallel, int) else os.cpu_count() or 1
        with ThreadPoolExecutor(workers) as pool:
            jobs = [pool.submit(compile_core), *(pool.submit(compile_unit, u) for u in units)]
            ext.extra_objects += [name for job in jobs for name in job.result()]
        ext.sources = []
        self.force = True  # to link: setuptools would look at the sources' times alone
        super().build_extension(ext)
        wanted.parent.mkdir(exist_ok=True)
        wanted.write_text(" ".join(ISAS))


core = Extension(
    "fastloss._core",
    ["fastloss/_core.pyx"],
    include_dirs=["csrc", numpy.get_include()],
    depends=["setup.py", *HEADERS, *files("csrc/**/*.c"), *files("fastloss/_pyx/*.pxi")],
    define_macros=[
        ("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION"),
        ("NPY_TARGET_VERSION", "NPY_1_23_API_VERSION"),
    ],
    # A call of Python's functions is one jump instead of two: 1 to 2 % of a small call.
    extra_compile_args=["-O2", "-g0", "-fvisibility=hidden", "-Wno-unused-function"]
    + ([] if sys.platform == "darwin" else ["-fno-plt"]),
    libraries=["m"],
    extra_link_args=OPENMP + ([] if sys.platform == "darwin" else ["-Wl,-s"]),
)

setup(
    ext_modules=[core],
    cmdclass={"build_ext": BuildExt},
)
