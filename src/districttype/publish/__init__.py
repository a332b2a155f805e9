"""Maps, tables and reports."""
