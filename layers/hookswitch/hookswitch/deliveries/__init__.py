"""A delivery as it arrived, and its body decoded. Nothing here does I/O."""
