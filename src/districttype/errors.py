"""Errors a user can cause or meet: one clear line each, saying what, where and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DistricttypeError(Exception):
    """Root of every error the program raises on purpose.

    Parameters
    ----------
    what
        What is wrong, in one sentence without a full stop.
    where
        The file, layer, key or service it was found in.
    todo
        What the user can do about it.
    """

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        self.what, self.where, self.todo = what, where, todo
        super().__init__(what, where, todo)

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.todo:
            parts.append(self.todo)
        return "; ".join(" ".join(part.split()) for part in parts)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.where, self.todo)


def _rebuild(kind: type[DistricttypeError], what: str, where: str, todo: str) -> DistricttypeError:
    return kind(what, where=where, todo=todo)


@contextmanager
def writing(folder: Path, option: str) -> Iterator[None]:
    """Make a folder and write into it; what the system refuses is one clear line.

    Parameters
    ----------
    folder
        The folder, made where it is missing.
    option
        What names it on the command line.

    Raises
    ------
    DistricttypeError
        If the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except DistricttypeError:
        raise  # some are OSErrors as well, and say it better
    except OSError as error:
        raise DistricttypeError(
            error.strerror or str(error),
            where=str(error.filename or folder),
            todo=f"name another folder with {option}, or make room in this one",
        ) from error


class ConfigError(DistricttypeError, ValueError):
    """A city file, a layers file or an option is wrong."""


class SourceError(DistricttypeError, OSError):
    """A file or a service could not be read."""


class SourceUnavailableError(SourceError):
    """A service did not answer, or a file is not there."""


class SourceMissingError(SourceError):
    """A service has nothing at an address (404)."""


class SourceTruncatedError(SourceError):
    """A service or a file gave less than it promised."""


class CrsError(DistricttypeError, ValueError):
    """A coordinate system is missing, unknown, not metric, or puts the data elsewhere."""


class SchemaError(DistricttypeError, ValueError):
    """A table does not hold what its stage promises."""


class EmptyResultError(DistricttypeError, ValueError):
    """A stage that must yield rows yielded none."""
