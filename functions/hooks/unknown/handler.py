"""Answers every address without a hook as a hook answers a wrong token.

See docs/engineering/decisions/0051-uniform-403.md.
"""

from hookswitch.receiving.receiver import refuser

handler = refuser()
