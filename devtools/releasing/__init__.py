"""`make release`: two files from which anybody deploys a stack without building.

Why the zip is the layer: docs/engineering/decisions/0082-release.md.
"""
