-- Whether people were told of it: only then is it news that it is over.
ALTER TABLE drift ADD COLUMN told INTEGER NOT NULL DEFAULT 0;

UPDATE drift SET told = 1 WHERE EXISTS (
    SELECT 1 FROM news WHERE news.fabric = drift.fabric AND news.device = drift.device
    AND news.kind = 'drift-found'
);

-- A message that was tried: it stays what it was, whatever happens after it.
CREATE TABLE message (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    receiver TEXT NOT NULL,
    event    TEXT NOT NULL       -- what it says, JSON
) STRICT;

-- The message that a piece of news is in, once it was tried.
ALTER TABLE delivery ADD COLUMN message INTEGER;
CREATE INDEX delivery_of_message ON delivery (message);

-- How often a receiver failed one after the other, and until when it is left alone.
ALTER TABLE receiver ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE receiver ADD COLUMN rests_until TEXT;
