-- Times are RFC 3339 texts for people; the order of things is the pass number.

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

-- Which commit counts for a fabric, and why it is not the head.
CREATE TABLE fabric (
    fabric   TEXT PRIMARY KEY,
    good     TEXT,               -- the last good commit: what devices should be at
    head     TEXT,               -- the head of the branch as last seen
    verdict  TEXT NOT NULL,      -- good, refused, frozen
    reason   TEXT,               -- why the head is not good, for people
    findings TEXT,               -- the findings, drawn
    seen_at  TEXT NOT NULL
) STRICT;

CREATE TABLE pass (
    fabric      TEXT NOT NULL,
    pass        INTEGER NOT NULL,
    commit_id   TEXT NOT NULL,
    why         TEXT NOT NULL,   -- what began it: the head moved, a device is behind, …
    started_at  TEXT NOT NULL,
    finished_at TEXT,            -- none: under way, or cut off
    summary     TEXT,            -- one line for people
    PRIMARY KEY (fabric, pass)
) STRICT;

CREATE TABLE device (
    fabric     TEXT NOT NULL,
    device     TEXT NOT NULL,
    -- what stands on it, as last read back equal
    commit_id  TEXT,             -- the newest commit whose tree for it has this hash
    tree_hash  TEXT,
    tree       TEXT,             -- the owned tree, RFC 7951
    origins    TEXT,             -- path → [file, line, column, length]
    secrets    TEXT,             -- path → { name, sent, read_back }: keyed fingerprints
    created    TEXT,             -- the list entries that we created, as paths
    engine     TEXT,             -- the gitfabric that compiled it
    pack       TEXT,             -- the schema it was compiled for
    applied_by INTEGER,          -- the pass that last sent a Set
    -- how it stands now
    standing   TEXT NOT NULL,
    target     TEXT,             -- the commit it was last meant to come to
    reason     TEXT,
    pass       INTEGER NOT NULL,
    since      TEXT NOT NULL,
    -- the pass in flight, written before the Set
    flight     TEXT,
    PRIMARY KEY (fabric, device)
) STRICT;

-- What each pass did to each device.
CREATE TABLE event (
    fabric    TEXT NOT NULL,
    pass      INTEGER NOT NULL,
    device    TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    kind      TEXT NOT NULL,
    changes   INTEGER NOT NULL,  -- leaves set or deleted
    detail    TEXT,
    at        TEXT NOT NULL,
    PRIMARY KEY (fabric, pass, device)
) STRICT;

CREATE INDEX event_by_device ON event (fabric, device, pass);
