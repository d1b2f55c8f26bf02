"""The reference services backend: a stand-in for a province's case system, with its own process, database and migrations.

`python -m services_backend.reference` serves it; `python -m services_backend.reference.demo` moves its cases along and
breaks it, for demonstration. Qinwen itself talks to it over HTTP only.
"""
