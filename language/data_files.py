"""Owns reading the package's YAML data: words and patterns that content people change without touching code."""

from pathlib import Path
from typing import Any, Final

import yaml

_FOLDER: Final = Path(__file__).parent / "data"
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_data(name: str) -> dict[str, Any]:
    """Return the mapping in `data/<name>.yml`; each caller parses it into its own frozen dataclasses.

    Raises:
        OSError: there is no such file.
        yaml.YAMLError: it is not YAML.
    """
    with (_FOLDER / f"{name}.yml").open(encoding="utf-8") as stream:
        content: dict[str, Any] = yaml.load(stream, Loader=_LOADER)  # noqa: S506 - both loaders are safe ones
    return content
