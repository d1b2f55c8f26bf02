"""The sample content that a new installation starts with."""
