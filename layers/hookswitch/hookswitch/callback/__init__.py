"""The callback secret: the tokens that derive from it, their verification, and rotation."""
