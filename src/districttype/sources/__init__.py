"""Readers: one module a protocol; they know how to read, not what the data mean."""
