"""Tables of schema `ops` that a channel writes and `history/` keeps: both make them, so their shape is said once."""

from __future__ import annotations

# Days on which rows of files were first seen: channels/files/first_seen.py.
FIRST_SEEN = """
create schema if not exists ops;
create table if not exists ops.first_seen (
    source_id varchar not null,
    account_id varchar not null,
    campaign_id varchar not null,
    first_day date not null,
    last_day date not null,
    measure varchar not null,
    value decimal(28, 9) not null,
    seen_on date not null
);
"""
