-- Rights on a ClickHouse server, least first. Run schema.sql in the database `sandtrail` before this.
-- The core inserts and reads back; it can change, delete, drop and grant nothing.

CREATE ROLE IF NOT EXISTS sandtrail_reader;
GRANT SELECT ON sandtrail.* TO sandtrail_reader;

CREATE ROLE IF NOT EXISTS sandtrail_writer;
GRANT SELECT ON sandtrail.* TO sandtrail_writer;
GRANT INSERT ON sandtrail.sealed TO sandtrail_writer;
GRANT INSERT ON sandtrail.chains TO sandtrail_writer;
GRANT INSERT ON sandtrail.chain_states TO sandtrail_writer;
GRANT INSERT ON sandtrail.detector_snapshots TO sandtrail_writer;

-- Only whoever brings the schema to a newer step writes here: an administrator, with schema.sql.
CREATE ROLE IF NOT EXISTS sandtrail_schema;
GRANT SELECT ON sandtrail.migrations TO sandtrail_schema;
GRANT INSERT ON sandtrail.migrations TO sandtrail_schema;
GRANT CREATE TABLE ON sandtrail.* TO sandtrail_schema;

-- `readonly = 2`: no writes, but settings such as a query's bounds may be given with it.
CREATE SETTINGS PROFILE IF NOT EXISTS sandtrail_readonly SETTINGS readonly = 2 TO sandtrail_reader;

-- Then the users, each with a password of its own:
--   CREATE USER sandtrail_writer IDENTIFIED WITH sha256_password BY '…' DEFAULT ROLE sandtrail_writer;
--   CREATE USER sandtrail_reader IDENTIFIED WITH sha256_password BY '…' DEFAULT ROLE sandtrail_reader;
