"""Files read in pieces: right to the byte, or an error; never pieces of two files."""

from __future__ import annotations

import random

import pytest

from districttype.errors import SourceError
from districttype.providers import WebFile
from districttype.sources.download import Session
from districttype.sources.ranges import BLOCK, Blocks
from districttype.sources.transfer import Request
from servers.faulty import Call, Server

BODY = random.Random(1).randbytes(3 * BLOCK + 17)


def blocks(server: Server, session: Session) -> Blocks:
    provider = WebFile(provider="P", source="webfile", url=f"{server.url}/f.tif")
    return Blocks(session, provider, Request(provider.url))


def test_pieces_are_those_of_the_file(server: Server, hasty: Session) -> None:
    server.scripts["/f.tif"] = lambda call: call.file(BODY)
    file = blocks(server, hasty).open()
    file.seek(BLOCK - 5)
    assert file.read(BLOCK + 10) == BODY[BLOCK - 5 : 2 * BLOCK + 5]
    file.seek(-7, 2)
    assert file.read() == BODY[-7:]


def test_another_piece_of_the_same_length_is_refused(server: Server, hasty: Session) -> None:
    def first_again(call: Call) -> None:
        said = {"Content_Range": f"bytes 0-{BLOCK - 1}/{len(BODY)}"}
        call.reply(BODY[:BLOCK], 206, **said)

    server.scripts["/f.tif"] = first_again
    file = blocks(server, hasty).open()
    file.seek(BLOCK)
    with pytest.raises(SourceError, match="another part than asked"):
        file.read(10)


def test_a_file_that_changes_while_it_is_read_is_refused(server: Server, hasty: Session) -> None:
    server.scripts["/f.tif"] = lambda call: call.file(BODY)
    file = blocks(server, hasty).open()
    server.scripts["/f.tif"] = lambda call: call.file(BODY + b"more", etag='"v2"')
    file.seek(BLOCK)
    with pytest.raises(SourceError, match="changed its file while it was read"):
        file.read(10)
