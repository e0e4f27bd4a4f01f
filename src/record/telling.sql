-- Whether people were told of it: only then is it news that it is over.
ALTER TABLE drift ADD COLUMN told INTEGER NOT NULL DEFAULT 0;

UPDATE drift SET told = 1 WHERE EXISTS (
    SELECT 1 FROM news WHERE news.fabric = drift.fabric AND news.device = drift.device
    AND news.kind = 'drift-found'
);
