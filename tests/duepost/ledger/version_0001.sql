-- What did the code of version 0001 (the ledger's first form) say to PostgreSQL?
--
-- Each statement as SQLAlchemy compiled it from the last commit before 0002; only the constants stand in it, and the
-- parameters have names that can be read. It is never changed: it is what an old process sends.

-- name: accept_send
INSERT INTO send (id, account_id, run_id, channel, kind, invoice, customer, reference, to_address, subject, note,
document_sha256, filename, scheduled_wall, scheduled_zone, scheduled_at, sequence, business_key, source) VALUES
(%(id)s::UUID, %(account_id)s::INTEGER, %(run_id)s::INTEGER, %(channel)s::VARCHAR, %(kind)s::VARCHAR,
%(invoice)s::VARCHAR, %(customer)s::VARCHAR, %(reference)s::VARCHAR, %(to_address)s::VARCHAR, %(subject)s::VARCHAR,
%(note)s::VARCHAR, %(document_sha256)s, %(filename)s::VARCHAR, %(scheduled_wall)s::TIMESTAMP WITHOUT TIME ZONE,
%(scheduled_zone)s::VARCHAR, %(scheduled_at)s::TIMESTAMP WITH TIME ZONE, %(sequence)s::SMALLINT,
%(business_key)s::UUID, %(source)s::VARCHAR) ON CONFLICT (business_key) DO NOTHING RETURNING send.id

-- name: accept_state
INSERT INTO state (send_id, status, due_at, lane, priority) VALUES (%(send_id)s::UUID, %(status)s::SMALLINT,
%(due_at)s::TIMESTAMP WITH TIME ZONE, %(lane)s::VARCHAR, %(priority)s::SMALLINT)

-- name: copy_send
COPY send (id, account_id, run_id, channel, kind, invoice, customer, reference, to_address, subject, note,
document_sha256, filename, scheduled_wall, scheduled_zone, scheduled_at, sequence, business_key, source) FROM STDIN

-- name: copy_state
COPY state (send_id, status, due_at, lane, priority) FROM STDIN

-- name: next_lease
SELECT nextval('lease_number') AS next_value_1

-- name: release
WITH due AS
(SELECT state.send_id AS send_id, state.due_at AS due_at
FROM state
WHERE state.lane = %(lane)s::VARCHAR AND state.priority = %(priority)s::SMALLINT AND state.due_at <= now() AND
state.begun_at IS NULL ORDER BY state.due_at
LIMIT %(limit)s::INTEGER FOR UPDATE SKIP LOCKED),
leased AS
(UPDATE state SET due_at=(now() + %(lease_time)s), lease=%(lease)s::BIGINT FROM due WHERE state.send_id = due.send_id
RETURNING due.send_id, due.due_at)
SELECT leased.send_id
FROM leased ORDER BY leased.due_at, leased.send_id

-- name: lanes_waiting
WITH RECURSIVE lanes(lane) AS
(SELECT min(state.lane) AS lane
FROM state
WHERE state.due_at IS NOT NULL UNION ALL SELECT (SELECT min(state.lane) AS min_1
FROM state
WHERE state.due_at IS NOT NULL AND state.lane > lanes.lane) AS anon_1
FROM lanes
WHERE lanes.lane IS NOT NULL)
SELECT lanes.lane
FROM lanes
WHERE lanes.lane IS NOT NULL ORDER BY lanes.lane

-- name: seconds_to_next
SELECT EXTRACT(epoch FROM min(anon_2.due_at) - clock_timestamp()) AS anon_1
FROM (SELECT min(state.due_at) AS due_at
FROM state
WHERE state.lane = %(lane)s::VARCHAR AND state.priority = 0 AND state.due_at IS NOT NULL UNION ALL SELECT
min(state.due_at) AS due_at
FROM state
WHERE state.lane = %(lane)s::VARCHAR AND state.priority = 1 AND state.due_at IS NOT NULL UNION ALL SELECT
min(state.due_at) AS due_at
FROM state
WHERE state.lane = %(lane)s::VARCHAR AND state.priority = 2 AND state.due_at IS NOT NULL) AS anon_2

-- name: read_order
SELECT send.id, account.name, run.name AS name_1, send.channel, send.kind, send.invoice, send.to_address,
send.subject, send.note, send.document_sha256, document.media_type, send.filename, greatest(send.scheduled_at,
send.accepted_at) AS greatest_1
FROM state JOIN send ON send.id = state.send_id JOIN account ON account.id = send.account_id LEFT OUTER JOIN run ON
run.id = send.run_id LEFT OUTER JOIN document ON document.sha256 = send.document_sha256
WHERE state.send_id = any(%(ids)s::UUID[]) AND state.lease = %(lease)s::BIGINT AND state.begun_at IS NULL

-- name: begin
UPDATE state SET due_at=(now() + anon_1.lease_time), attempts=(state.attempts + 1), begun_at=now() FROM
unnest(%(asked_id)s::UUID[], %(asked_lease)s::BIGINT[], %(asked_lease_time)s::INTERVAL[]) AS anon_1(id, lease,
lease_time) WHERE state.send_id = anon_1.id AND state.lease = anon_1.lease AND state.begun_at IS NULL RETURNING
state.send_id, state.attempts, state.status, state.begun_at

-- name: record
WITH ours AS
(UPDATE state SET status=anon_1.to_status, due_at=CASE WHEN (anon_1.wait IS NOT NULL) THEN now() + anon_1.wait END,
attempts=(state.attempts - anon_1.uncounted), lease=NULL, begun_at=NULL FROM
unnest(%(told_id)s::UUID[], %(told_lease)s::BIGINT[], %(told_number)s::SMALLINT[], %(told_from_status)s::SMALLINT[],
%(told_to_status)s::SMALLINT[], %(told_wait)s::INTERVAL[], %(told_uncounted)s::INTEGER[],
%(told_reason_code)s::TEXT[], %(told_reason_field)s::TEXT[], %(told_reason_values)s::TEXT[], %(told_answer)s::TEXT[],
%(told_actor)s::TEXT[], %(told_provider)s::TEXT[], %(told_provider_reference)s::TEXT[], %(told_began_at)s::TIMESTAMP
WITH TIME ZONE[], %(told_took)s::INTERVAL[], %(told_verdict)s::TEXT[], %(told_token)s::TEXT[]) AS anon_1(id, lease,
number, from_status, to_status, wait, uncounted, reason_code, reason_field, reason_values, answer, actor, provider,
provider_reference, began_at, took, verdict, token) WHERE state.send_id = anon_1.id AND state.lease = anon_1.lease AND
state.begun_at = anon_1.began_at RETURNING anon_1.id, anon_1.lease, anon_1.number, anon_1.from_status,
anon_1.to_status, anon_1.wait, anon_1.uncounted, anon_1.reason_code, anon_1.reason_field, anon_1.reason_values,
anon_1.answer, anon_1.actor, anon_1.provider, anon_1.provider_reference, anon_1.began_at, anon_1.took, anon_1.verdict,
anon_1.token),
changed AS
(INSERT INTO transition (send_id, from_status, to_status, reason_code, reason_field, reason_values, answer, actor,
attempt) SELECT ours.id AS id, ours.from_status AS from_status, ours.to_status AS to_status, ours.reason_code AS
reason_code, ours.reason_field AS reason_field, CAST(ours.reason_values AS JSONB) AS reason_values, ours.answer AS
answer, ours.actor AS actor, ours.number AS number
FROM ours),
tried AS
(INSERT INTO attempt (send_id, number, provider, provider_reference, began_at, verdict, token, ended_at) SELECT
ours.id AS id, ours.number AS number, ours.provider AS provider, ours.provider_reference AS provider_reference,
ours.began_at AS began_at, ours.verdict AS verdict, ours.token AS token, ours.began_at + ours.took AS anon_2
FROM ours)
SELECT ours.id
FROM ours

-- name: settle_lost_hold
WITH lost AS
(SELECT state.send_id AS send_id, state.status AS status, state.attempts AS attempts, state.begun_at AS begun_at
FROM state
WHERE state.lane = %(lane)s::VARCHAR AND state.due_at <= now() AND state.begun_at IS NOT NULL FOR UPDATE SKIP LOCKED),
settled AS
(UPDATE state SET status=CASE WHEN false THEN 310 ELSE 300 END, due_at=CASE WHEN false THEN now() END, lease=NULL,
begun_at=NULL FROM lost WHERE state.send_id = lost.send_id RETURNING lost.send_id, lost.status,
lost.attempts, lost.begun_at, state.status AS to_status),
changed AS
(INSERT INTO transition (send_id, from_status, to_status, reason_code, actor, attempt) SELECT settled.send_id AS
send_id, settled.status AS status, settled.to_status AS to_status, 'OUTCOME_UNKNOWN' AS anon_1, 'release' AS anon_2,
settled.attempts AS attempts
FROM settled),
tried AS
(INSERT INTO attempt (send_id, number, provider, began_at, ended_at, verdict, token) SELECT settled.send_id AS
send_id, settled.attempts AS attempts, %(provider)s::VARCHAR AS anon_3, settled.begun_at AS begun_at, now() AS now_1,
'unknown' AS anon_4, CAST(settled.send_id AS VARCHAR) AS send_id__1
FROM settled)
SELECT settled.send_id
FROM settled

-- name: settle_lost_resend
WITH lost AS
(SELECT state.send_id AS send_id, state.status AS status, state.attempts AS attempts, state.begun_at AS begun_at
FROM state
WHERE state.lane = %(lane)s::VARCHAR AND state.due_at <= now() AND state.begun_at IS NOT NULL FOR UPDATE SKIP LOCKED),
settled AS
(UPDATE state SET status=CASE WHEN (lost.attempts < 3) THEN 310 ELSE 300 END, due_at=CASE WHEN (lost.attempts < 3)
THEN now() END, lease=NULL, begun_at=NULL FROM lost WHERE state.send_id = lost.send_id RETURNING
lost.send_id, lost.status, lost.attempts, lost.begun_at, state.status AS to_status),
changed AS
(INSERT INTO transition (send_id, from_status, to_status, reason_code, actor, attempt) SELECT settled.send_id AS
send_id, settled.status AS status, settled.to_status AS to_status, 'OUTCOME_UNKNOWN' AS anon_1, 'release' AS anon_2,
settled.attempts AS attempts
FROM settled),
tried AS
(INSERT INTO attempt (send_id, number, provider, began_at, ended_at, verdict, token) SELECT settled.send_id AS
send_id, settled.attempts AS attempts, %(provider)s::VARCHAR AS anon_3, settled.begun_at AS begun_at, now() AS now_1,
'unknown' AS anon_4, CAST(settled.send_id AS VARCHAR) AS send_id__1
FROM settled)
SELECT settled.send_id
FROM settled

-- name: give_back
UPDATE state SET due_at=now(), lease=NULL WHERE state.send_id IN (%(id)s::UUID) AND state.lease = %(lease)s::BIGINT
AND state.begun_at IS NULL

-- name: counts
SELECT state.status, count(*) AS count_1
FROM state GROUP BY state.status ORDER BY state.status
