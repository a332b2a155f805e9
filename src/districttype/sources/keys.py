"""Keys of services: taken from the environment when a request is sent, and shown nowhere."""

from __future__ import annotations

import os
import re
from urllib.parse import quote

from districttype.errors import ConfigError

_PLACE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Secrets:
    """Puts environment variables in place of `${NAME}`, and takes them out of what is shown."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def put_in(self, text: str, *, where: str) -> str:
        """Return a text with every `${NAME}` replaced.

        Raises
        ------
        ConfigError
            If there is no such environment variable.
        """

        def value(match: re.Match[str]) -> str:
            found = os.environ.get(match[1], "")
            if not found:
                raise ConfigError(
                    f"the environment variable {match[1]} is not set",
                    where=where,
                    todo="get a key from the service and put it there",
                )
            self._seen[found] = match[0]
            return found

        return _PLACE.sub(value, text)

    def take_out(self, text: str) -> str:
        """Return a text in which no value ever put in is left, quoted for an address or not."""
        for value, place in self._seen.items():
            for form in {value, quote(value), quote(value, safe="")}:
                text = text.replace(form, place)
        return text

    def __bool__(self) -> bool:
        return bool(self._seen)
