-- The audit trail by who and by what: one entry for each thing that an operator does, so these cost little.
CREATE INDEX audit_actor ON audit (actor, at, request_id);
CREATE INDEX audit_actor_label ON audit (actor_label, at, request_id) WHERE actor_label IS NOT NULL;
CREATE INDEX audit_action ON audit (action, at, request_id);

-- Messages that were given up: in their order, and by when, for retention.
CREATE INDEX notification_outbox_parked ON notification_outbox (notification_id, id) WHERE parked_at IS NOT NULL;
CREATE INDEX notification_outbox_parked_at ON notification_outbox (parked_at) WHERE parked_at IS NOT NULL;
