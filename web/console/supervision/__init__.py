"""Supervisors' part of the console: the live board, desks and who works there, macros, reports, ratings, quality, waiting.

`make_supervision_module` is called where the service desk is known (`serving.py`). A supervisor sees and changes the desks
of their department and region only (`scope`); every change is audited.
"""

from web.console.supervision.module import make_supervision_module

__all__ = ["make_supervision_module"]
