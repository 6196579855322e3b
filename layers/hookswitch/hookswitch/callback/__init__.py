"""The callback secret: its tokens and their verification."""
