"""Spreadsheets in and out: typed columns, every row error, templates, limits in a child process."""
