"""The web chat: the citizen API of design §5, as the H5 page and third parties use it."""

from channels.webchat.protocol import (
    CHANNEL,
    Sent,
    bearer_token,
    event_stream_chunk,
    hash_token,
    new_token,
    read_sent,
    sign_chunk,
)

__all__ = ["CHANNEL", "Sent", "bearer_token", "event_stream_chunk", "hash_token", "new_token", "read_sent", "sign_chunk"]
