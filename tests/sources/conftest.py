"""A server that answers as told, and a session that does not wait."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from districttype.sources.download import Policy, Session, session
from servers.faulty import Server, serving

HASTY = Policy(interval=0.0, wait_initial=0.01, wait_max=0.02, connect=2.0, probe=1.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def hasty() -> Iterator[Session]:
    with session(HASTY) as opened:
        yield opened


@pytest.fixture
def policy() -> Policy:
    return replace(HASTY)
