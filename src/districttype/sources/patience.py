"""What is worth asking again, and how long a service wants to be left alone before."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import stamina

from districttype.sources.transfer import Again

log = logging.getLogger(__name__)
AGAIN = frozenset({429, 502, 503, 504})
"""Answers of a server that may do better a moment later."""


def worth_it(error: Exception) -> bool | float:
    """Say whether an attempt is worth another, or after how many seconds."""
    if not isinstance(error, Again):
        return False
    return True if error.wait is None else error.wait


def retry_after(value: str) -> float | None:
    """Read a Retry-After header, which is seconds or a date; None where it is neither."""
    if value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:  # a zone of -0000, or none at all
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _tell(details: stamina.instrumentation.RetryDetails) -> None:
    again = details.caused_by
    if isinstance(again, Again):
        log.info("%s; trying again in %.1f s", again.error, details.wait_for)


stamina.instrumentation.set_on_retry_hooks([_tell])
