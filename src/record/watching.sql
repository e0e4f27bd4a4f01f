-- What is not ours to hold, or not a value: owned, secret, strict, protected.
ALTER TABLE drift ADD COLUMN kind TEXT NOT NULL DEFAULT 'owned';

-- How each device is watched.
CREATE TABLE watch (
    fabric TEXT NOT NULL,
    device TEXT NOT NULL,
    state  TEXT NOT NULL,        -- watching, polling, away
    detail TEXT,                 -- what is not watched and why, or why it is away
    since  TEXT NOT NULL,
    PRIMARY KEY (fabric, device)
) STRICT;

-- What a person asked not to be touched for a while.
CREATE TABLE hold (
    fabric TEXT NOT NULL,
    device TEXT NOT NULL,
    path   TEXT NOT NULL,        -- '/' holds the whole device
    until  TEXT NOT NULL,
    reason TEXT NOT NULL,
    by     TEXT NOT NULL,        -- who asked
    since  TEXT NOT NULL,
    PRIMARY KEY (fabric, device, path)
) STRICT;

-- Comments that asked for a hold and got it, so that none is carried out twice.
CREATE TABLE carried_out (
    fabric  TEXT NOT NULL,
    comment TEXT NOT NULL,       -- by its id at the forge
    said    TEXT NOT NULL,       -- what it asked for: it may be edited
    PRIMARY KEY (fabric, comment, said)
) STRICT;

-- What was put back, so that nobody is fought for ever.
CREATE TABLE correction (
    fabric TEXT NOT NULL,
    device TEXT NOT NULL,
    pass   INTEGER NOT NULL,
    leaves INTEGER NOT NULL,
    at     TEXT NOT NULL,
    PRIMARY KEY (fabric, device, pass)
) STRICT;

-- Devices that are corrected no more, until a commit or a person says otherwise.
CREATE TABLE given_up (
    fabric    TEXT NOT NULL,
    device    TEXT NOT NULL,
    commit_id TEXT NOT NULL,     -- the commit that counted then
    reason    TEXT NOT NULL,
    at        TEXT NOT NULL,
    PRIMARY KEY (fabric, device)
) STRICT;

-- What happened that people may want to be told.
CREATE TABLE news (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    fabric TEXT NOT NULL,
    kind   TEXT NOT NULL,
    device TEXT,
    at     TEXT NOT NULL,
    body   TEXT NOT NULL         -- the event, JSON
) STRICT;

-- To whom it was told.
CREATE TABLE delivery (
    news     INTEGER NOT NULL REFERENCES news (id) ON DELETE CASCADE,
    receiver TEXT NOT NULL,      -- by its name in the agent's configuration
    state    TEXT NOT NULL,      -- waiting, sent, dead
    attempts INTEGER NOT NULL,
    next_at  TEXT,               -- when it is tried again
    error    TEXT,
    PRIMARY KEY (news, receiver)
) STRICT;

CREATE INDEX delivery_by_receiver ON delivery (receiver, state, news);
CREATE INDEX news_of_device ON news (fabric, device, kind);

-- Who is told of news, and which of them are on its list already.
CREATE TABLE receiver (
    receiver TEXT PRIMARY KEY,
    seen     INTEGER NOT NULL    -- the newest of the news that it was considered for
) STRICT;

-- What was last made news of, so that it is news on change and not again.
CREATE TABLE noted (
    fabric  TEXT NOT NULL,
    subject TEXT NOT NULL,       -- 'head', 'applied', 'device leaf1'
    what    TEXT NOT NULL,       -- such as 'refused SHA', 'lost'
    at      TEXT NOT NULL,
    PRIMARY KEY (fabric, subject)
) STRICT;

-- Who is out of reach is asked every second; a row of `device` is long.
CREATE INDEX device_by_standing ON device (fabric, standing, device, since);

-- All devices are read whenever one of them moves, without their trees.
CREATE INDEX device_rows ON device
    (fabric, device, commit_id, tree_hash, engine, pack, applied_by, standing, reason, pass, since, target);
CREATE INDEX device_in_flight ON device (fabric, device) WHERE flight IS NOT NULL;
