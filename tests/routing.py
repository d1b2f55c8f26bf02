"""The one router of tests and their applications that need nothing special of it: its classifier is trained once in a process."""

from desk import Router

ROUTER = Router({}.get)
