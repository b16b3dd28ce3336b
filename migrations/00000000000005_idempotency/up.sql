-- Idempotency keys of callers: what a repeated request is answered. Rows live for a day, see expires_at.

CREATE TABLE idempotency_keys (
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    -- The person or the API key.
    actor_id uuid NOT NULL,
    operation text NOT NULL CHECK (char_length(operation) BETWEEN 1 AND 100),
    -- SHA-256 of the key, which may hold anything, and of the path and the body it came with.
    key_hash bytea NOT NULL CHECK (octet_length(key_hash) = 32),
    body_hash bytea NOT NULL CHECK (octet_length(body_hash) = 32),
    -- The request that holds the key. A later one that takes an abandoned key over has another, which shuts the first one out:
    -- whatever is made under a key is made in a transaction that moves this row, found by its claim, from in_flight to made.
    claim_id uuid NOT NULL UNIQUE,
    state text NOT NULL DEFAULT 'in_flight' CHECK (state IN ('in_flight', 'made', 'answered')),
    -- What was made, written together with it.
    made_id uuid,
    -- The answer, sealed under a data key of its own, which the organization's key wraps.
    answer_key_id uuid,
    answer_key bytea,
    answer_sealed bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- In flight: when the key counts as abandoned. Afterwards: when it is forgotten.
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, actor_id, operation, key_hash),
    CONSTRAINT what_was_made_is_named CHECK ((state = 'in_flight') = (made_id IS NULL)),
    CONSTRAINT an_answer_is_there_when_the_state_says_so
        CHECK ((state = 'answered') = (answer_sealed IS NOT NULL)
           AND (state = 'answered') = (answer_key IS NOT NULL)
           AND (state = 'answered') = (answer_key_id IS NOT NULL))
);
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);
