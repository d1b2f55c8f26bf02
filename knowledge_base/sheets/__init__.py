"""Entries as files: workbooks, CSV, JSON, Word. What is read here is only looked at; `batches` does something with it."""

from knowledge_base.sheets.entries import FileContents, FileEntry, Problem
from knowledge_base.sheets.layout import OF_KIND, TABLES, Table
from knowledge_base.sheets.reading import FORMATS, read_entries_file

__all__ = ["FORMATS", "OF_KIND", "TABLES", "FileContents", "FileEntry", "Problem", "Table", "read_entries_file"]
