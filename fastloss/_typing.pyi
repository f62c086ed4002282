"""Types that the stubs share. They exist for type checkers only."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

class SupportsDLPack(Protocol):
    def __dlpack__(self, *, stream: Any = ...) -> Any: ...
    def __dlpack_device__(self) -> tuple[Any, Any]: ...

Array: TypeAlias = ArrayLike | SupportsDLPack
# What is more than one number.
Arrays: TypeAlias = NDArray[Any] | Sequence[Any] | SupportsDLPack
Floats: TypeAlias = NDArray[np.floating[Any]]
