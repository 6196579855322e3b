"""Calls as a telephone user knows them, as the events that Dash fires (docs/dash-protocol.md, sections 4 and 6).

`SCENARIOS` (in `scenarios`) has all of them by name, `CAST` (in `cast`) who takes part. `PhoneSystem` (in `system`) is
the vocabulary that they are written in, and `variants` changes what Dash tells of a call.
"""
