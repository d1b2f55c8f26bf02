"""The service desk's pages for agents: the queue, the conversations they have, and everything they do there.

`room` knows who may see what; `screen` shows, `acting` changes, `stream` keeps pages live, `looking_up` finds what to
send, `services` starts what is done for a citizen, `left_messages` answers what was left out of
hours. The supervisor's pages are another module.
"""

from web.console.desk.module import make_desk_module

__all__ = ["make_desk_module"]
