"""What every hook of a Dash phone system shares: decoding, sender check, payload bases, storing, answers."""

__version__ = "0.1.0"
"""As in pyproject.toml; receivers see it in the header User-Agent."""
