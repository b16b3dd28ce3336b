DROP TABLE consents, channel_tokens, channels, connection_tokens, connection_keys, pending_selections, connection_attempts,
    connections;
