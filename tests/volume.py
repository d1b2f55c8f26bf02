"""How much the big tests do: all with `QINWEN_TESTS=all` (`make test-all`), else so much that a fault is still noticed."""

import os
from typing import TypeVar

T = TypeVar("T")
ALL = os.environ.get("QINWEN_TESTS") == "all"


def much(everything: T, some: T) -> T:
    return everything if ALL else some
