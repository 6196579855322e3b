"""`make dashboard`: draws the template's dashboard with a simulated day."""

from .picture import write

__all__ = ["write"]
