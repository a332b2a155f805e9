"""Maps, tables and reports."""

from districttype.publish.edition import Edition, ZoneSetResult
from districttype.publish.write import publish

__all__ = ["Edition", "ZoneSetResult", "publish"]
