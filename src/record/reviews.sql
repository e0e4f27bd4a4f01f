-- Which pull requests were reviewed and what was told of them, so that a restart writes
-- nothing twice.
CREATE TABLE review (
    fabric   TEXT NOT NULL,
    number   INTEGER NOT NULL,   -- of the pull request
    head     TEXT NOT NULL,      -- what was reviewed
    base     TEXT NOT NULL,
    seal     TEXT NOT NULL,
    comment  INTEGER,            -- our comment, by the forge's id; none if we made none
    devices  TEXT NOT NULL,      -- the devices that it changes → how they stood: JSON
    asked    INTEGER NOT NULL,   -- the last comment whose command was answered
    merged   TEXT,               -- the commit by which it came into the branch
    closing  INTEGER,            -- our comment that closes the story
    told     TEXT,               -- what that says, without its marker; 'done' is final
    PRIMARY KEY (fabric, number)
) STRICT;

-- What the forge was told of a commit of the branch.
CREATE TABLE told (
    fabric    TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    state     TEXT NOT NULL,
    words     TEXT NOT NULL,
    PRIMARY KEY (fabric, commit_id)
) STRICT;

-- The owned leaves that somebody changed on a device. Secrets are no values here.
CREATE TABLE drift (
    fabric   TEXT NOT NULL,
    device   TEXT NOT NULL,
    path     TEXT NOT NULL,
    recorded TEXT,               -- what we put there
    live     TEXT,               -- what the device holds
    since    TEXT NOT NULL,
    PRIMARY KEY (fabric, device, path)
) STRICT;
