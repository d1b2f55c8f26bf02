"""Structured logs: one JSON object a line on standard error. Static event names, ids and codes; never a citizen's text."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog


def configure_logging(process: str, level: str = "info") -> None:
    """Set up logging for one process; standard-library records take the same shape."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_process(process),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("aiohttp.access").setLevel("WARNING")


def logger(name: str) -> Any:
    """Give the logger of a module."""
    return structlog.stdlib.get_logger(name)


def _name_process(process: str) -> Any:
    def add(_: Any, __: str, record: dict[str, Any]) -> dict[str, Any]:
        return {**record, "process": process}

    return add
