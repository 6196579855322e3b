"""The callback secret: its tokens, their verification, and its rotation."""
