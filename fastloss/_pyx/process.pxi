# process.pxi -- instruction sets, threads, and the list of compiled losses.

class Losses(dict):
    def __missing__(self, name):
        raise KeyError(f"{name}: not in csrc/losses.def, or built before it was")


def losses():
    """Name -> number of every loss in losses.def."""
    return Losses({
        fl_loss_at(i).name.decode(): i for i in range(fl_loss_count()) if fl_loss_at(i).name[0] != 0
    })


def isa_levels():
    """Levels that this build holds and this machine runs, best first."""
    return [fl_isa_name(i).decode() for i in range(fl_isa_count())]


def active_isa():
    return fl_isa_active().decode()


def select_isa(str name):
    if fl_isa_select(name.encode()):
        raise ValueError(f"FASTLOSS_ISA is {name!r}; this machine runs {', '.join(isa_levels())}")


def get_threads():
    return fl_get_threads()


def set_threads(int n):
    fl_set_threads(n)


def swap_local_threads(int n):
    return fl_swap_local_threads(n)


COMPILER = fl_compiler().decode()
OPENMP = bool(fl_has_openmp())
