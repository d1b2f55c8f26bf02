"""How much the big tests do: all with `ALL_TESTS=1` (`make test-all`), else so much that a fault is still noticed."""

import os
from typing import TypeVar

T = TypeVar("T")
ALL = os.environ.get("ALL_TESTS") == "1"


def much(everything: T, some: T) -> T:
    return everything if ALL else some
