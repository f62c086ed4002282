"""Check what `make wheel` built: python -m tests.tools.wheel dist

The wheel holds no sources, the type information and nothing that belongs to the checkout; the
sdist holds what a build needs; the extension exports one symbol.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from . import families

SOURCE_SUFFIXES = (".c", ".h", ".pyx", ".pxi", ".pxd", ".def", ".o")
NEEDED = ("setup.py", "pyproject.toml", "LICENSE", "csrc/fastloss.h", "csrc/losses.def")
MAX_MEGABYTES = 3


def wheel_problems(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        problems = [f"holds the source {name}" for name in names if name.endswith(SOURCE_SUFFIXES)]
        tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
        problems += [f"installs {top}/" for top in sorted(tops - {"fastloss"})]
        wanted = ["py.typed", "_core.pyi", "_typing.pyi", "reference/__init__.py"]
        wanted += [f"{name}{suffix}" for name in families.leaves() for suffix in (".py", ".pyi")]
        problems += [f"lacks fastloss/{n}" for n in wanted if f"fastloss/{n}" not in names]
        if not any(name.endswith("/LICENSE") for name in names):
            problems.append("lacks the licence")
        extensions = [
            name for name in names if name.startswith("fastloss/_core.") and ".so" in name
        ]
        if len(extensions) != 1:
            problems.append(f"holds {len(extensions)} extension modules")
        elif shutil.which("nm") and sys.platform == "linux":
            with tempfile.TemporaryDirectory() as folder:
                library = wheel.extract(extensions[0], folder)
                listing = subprocess.check_output(
                    ["nm", "-D", "--defined-only", library], text=True
                )
            symbols = [line.split()[-1] for line in listing.splitlines()]
            if symbols != ["PyInit__core"]:
                problems.append(f"the extension exports {symbols}")
    megabytes = path.stat().st_size / 1e6
    if megabytes > MAX_MEGABYTES:
        problems.append(f"is {megabytes:.1f} MB large")
    print(f"{path.name}: {len(names)} files, {megabytes:.2f} MB")
    return problems


def sdist_problems(path: Path) -> list[str]:
    with tarfile.open(path) as archive:
        names = {member.name.partition("/")[2] for member in archive}
    print(f"{path.name}: {len(names)} files, {path.stat().st_size / 1e6:.2f} MB")
    problems = [f"lacks {name}" for name in NEEDED if name not in names]
    problems += [
        f"lacks {source.relative_to(families.ROOT)}"
        for source in [*families.ROOT.glob("csrc/**/*.[ch]"), *families.PACKAGE.glob("_pyx/*.pxi")]
        if str(source.relative_to(families.ROOT)) not in names
    ]
    unwanted = (".so", ".o", ".pyc", "_core.c")
    return problems + [f"holds {name}" for name in sorted(names) if name.endswith(unwanted)]


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0] if arguments else "dist")
    wheels, sdists = list(folder.glob("*.whl")), list(folder.glob("*.tar.gz"))
    if len(wheels) != 1 or len(sdists) != 1:
        print(f"expected one wheel and one sdist in {folder}/: run `make wheel`")
        return 1
    problems = [f"{wheels[0].name} {text}" for text in wheel_problems(wheels[0])]
    problems += [f"{sdists[0].name} {text}" for text in sdist_problems(sdists[0])]
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
