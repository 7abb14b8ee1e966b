-- listmonk's list of bounces: bounces and complaints by their own time. Deliveries are not in the index.
CREATE INDEX events_bounces ON events (occurred_at, seq) WHERE kind IN ('bounced', 'complained');

-- Those that were deleted from that list. The journal keeps them: deleting a bounce releases nobody.
CREATE TABLE dismissed_bounces (
  seq INTEGER PRIMARY KEY
);
