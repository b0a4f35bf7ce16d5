"""The one exception of the rules."""

from collections.abc import Iterable


class RuleBroken(Exception):
    """What was asked for is refused, in Chinese words that the person who sees them can act on.

    ``reasons`` holds every single reason where there is more than one; the message sums them up.
    """

    def __init__(self, message: str, reasons: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.reasons = tuple(reasons)
