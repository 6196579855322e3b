"""Answers every address that is no hook's as a hook answers a wrong token (docs/decisions/0051-the-same-refusal.md)."""

from hookswitch.receive import refuser

handler = refuser()
