"""The channels: protocol only, one folder each. What comes in becomes a frozen dataclass; what goes out, the channel's form."""
