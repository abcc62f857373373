-- Replays, what differs between the usage, the ledger and the ERPs, sign-offs, and what is known after the ledger was restored from a backup.

create table erp.replay (
    id             bigint generated always as identity primary key,
    plan_hash      text not null check (plan_hash ~ '^[0-9a-f]{64}$'),
    state          text not null default 'planned' check (state in ('planned', 'running', 'done', 'aborted')),
    scope          jsonb not null,
    plan           jsonb not null,
    consumer_group text not null,
    topic          text not null,
    planned_by     text not null,
    planned_at     timestamptz not null default clock_timestamp(),
    executed_by    text,
    started_at     timestamptz,
    aborted_by     text,
    finished_at    timestamptz,
    records        bigint not null default 0,
    planned        bigint not null default 0,
    compared       bigint not null default 0,
    conflicts      bigint not null default 0,
    rejected       bigint not null default 0
);
create index replay_by_hash on erp.replay (plan_hash);

-- How far a replay has come: written in the transaction that takes the records in.
create table erp.replay_partition (
    replay_id   bigint not null references erp.replay,
    partition   int not null,
    next_offset bigint not null,
    end_offset  bigint not null,
    primary key (replay_id, partition)
);

create function erp.guard_replay() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or old.state in ('done', 'aborted') or (new.id, new.plan_hash, new.scope, new.plan) is distinct from (old.id, old.plan_hash, old.scope, old.plan) then
        raise exception 'replay % is % and cannot change', old.id, old.state using errcode = 'ER020';
    end if;
    if new.state <> old.state and not (old.state, new.state) in (('planned', 'running'), ('planned', 'aborted'), ('running', 'done'), ('running', 'aborted')) then
        raise exception 'replay % cannot go from % to %', old.id, old.state, new.state using errcode = 'ER021';
    end if;
    return new;
end $$;
create trigger guard before update or delete on erp.replay for each row execute function erp.guard_replay();

-- What two sources do not agree in. It is open until it is not seen any more, or a person accepts it.
create table erp.difference (
    id            bigint generated always as identity primary key,
    class         text not null,
    subject       text not null,                         -- a document key, a place of a topic, or what a sum is over
    account       text not null default '',
    period        text,
    legal_entity  text,
    document_key  text,
    currency      text,
    amount        numeric(28, 9),                        -- what is at stake
    owner         text not null,
    cause         text not null,
    evidence      text not null,
    first_seen_at timestamptz not null default clock_timestamp(),
    last_seen_at  timestamptz not null default clock_timestamp(),
    resolved_at   timestamptz,
    accepted_by   text,
    accepted_note text,
    check (accepted_by is null or (accepted_note is not null and resolved_at is not null))
);
create unique index difference_open on erp.difference (class, subject, account) where resolved_at is null;
create index difference_by_period on erp.difference (period, legal_entity);

-- The last read-back of each document that was confirmed.
create table erp.read_back (
    document_key text not null,
    account      text not null,
    read_at      timestamptz not null,
    outcome      text not null,
    absences     int not null default 0,
    primary key (document_key, account)
) with (fillfactor = 80);

-- One walk over an account's confirmed documents at a time, whichever instance makes it.
create table erp.read_back_walk (
    account      text primary key,
    at_key       text not null default '',
    started_at   timestamptz not null default clock_timestamp(),
    finished_at  timestamptz,
    documents    bigint not null default 0,
    instance     text,
    leased_until timestamptz not null default '-infinity'
);

create table erp.sign_off (
    id           bigint generated always as identity primary key,
    period       text not null,
    legal_entity text not null,
    figures      jsonb not null,
    figures_hash text not null check (figures_hash ~ '^[0-9a-f]{64}$'),
    signed_by    text not null,
    signed_at    timestamptz not null default clock_timestamp(),
    note         text,
    voided_at    timestamptz,
    voided_by    text,
    void_reason  text,
    check (voided_at is null or (voided_by is not null and void_reason is not null))
);
create unique index sign_off_valid on erp.sign_off (period, legal_entity) where voided_at is null;

-- A signature holds for the figures that it was given for: it can be voided, once, and nothing else.
create function erp.guard_sign_off() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or old.voided_at is not null or (new.id, new.period, new.legal_entity, new.figures, new.figures_hash, new.signed_by, new.signed_at, new.note)
        is distinct from (old.id, old.period, old.legal_entity, old.figures, old.figures_hash, old.signed_by, old.signed_at, old.note) then
        raise exception 'sign-off % cannot change', old.id using errcode = 'ER022';
    end if;
    return new;
end $$;
create trigger guard before update or delete on erp.sign_off for each row execute function erp.guard_sign_off();

create function erp.void_sign_off() returns trigger language plpgsql as $$
begin
    update erp.sign_off set voided_at = clock_timestamp(), voided_by = 'reconciliation', void_reason = 'difference ' || new.id || ': ' || new.class || ' ' || new.subject
    where period = new.period and legal_entity = new.legal_entity and voided_at is null;
    return null;
end $$;
create trigger voids after insert on erp.difference for each row when (new.period is not null) execute function erp.void_sign_off();

-- What a topic has been added up to, for comparisons without reading it again.
create table erp.tally_position (
    topic       text not null,
    partition   int not null,
    next_offset bigint not null,
    primary key (topic, partition)
);

-- usage.dispositions, added up for each partition of usage.events.
create table erp.tally_disposition (
    topic         text not null,
    partition     int not null,
    first_offset  bigint not null,
    last_offset   bigint not null,
    records       bigint not null default 0,
    accepted      bigint not null default 0,
    duplicate     bigint not null default 0,
    late          bigint not null default 0,
    parked        bigint not null default 0,
    dead_lettered bigint not null default 0,
    control       bigint not null default 0,
    routed        bigint not null default 0,             -- rated by the contract of a customer above: sent on into that one's partition and judged there
    primary key (topic, partition)
);

-- billing.documents and what of billing.journal is not for an ERP, added up by currency.
create table erp.tally_billed (
    currency  text primary key,
    documents bigint not null default 0,
    amount    numeric(28, 9) not null default 0,
    unposted  numeric(28, 9) not null default 0
);

-- The ledger came back from a backup: what it had known is partly lost. Open until everything that may have happened in between is accounted for.
create table erp.restore (
    id           bigint generated always as identity primary key,
    detected_at  timestamptz not null default clock_timestamp(),
    evidence     text not null,
    explained_at timestamptz
);

-- Up to where the documents may have been taken in by the ledger that was lost.
create table erp.restore_head (
    restore_id    bigint not null references erp.restore,
    topic         text not null,
    partition     int not null,
    ledger_offset bigint not null,                       -- as the restored ledger has it
    committed_offset bigint not null,                    -- as the group committed it
    head_offset   bigint not null,                       -- where the topic ended when it was noticed
    primary key (restore_id, topic, partition)
);

-- Confirmations that the topic of receipts remembers and the ledger does not.
create table erp.restore_receipt (
    restore_id   bigint not null references erp.restore,
    document_key text not null,
    content_hash text not null,
    erp          text not null,
    erp_id       text,
    total        numeric(28, 9) not null,
    currency     text not null,
    primary key (restore_id, document_key)
);
create index restore_receipt_by_document on erp.restore_receipt (document_key);

-- Postings whose past is not certain: before they are sent they are looked up.
create table erp.restore_posting (
    restore_id   bigint not null references erp.restore,
    document_key text not null,
    account      text not null,
    state        text not null,
    primary key (document_key, account, restore_id)
);

-- Whether the ledger was ever restored is asked once for each statement: a row's trigger would ask for each row.
create function erp.note_restore() returns trigger language plpgsql as $$
begin
    perform set_config('erp.restore', coalesce((select max(s.id)::text from erp.restore s), ''), true);
    return null;
end $$;
create trigger note_restore before insert on erp.posting for each statement execute function erp.note_restore();

create function erp.distrust_new_posting() returns trigger language plpgsql as $$
begin
    if not exists (select 1 from erp.document d join erp.restore_head h on h.topic = d.source_topic and h.partition = d.source_partition
                   where d.document_key = new.document_key and d.source_offset < h.head_offset)
       and not exists (select 1 from erp.restore_receipt t where t.document_key = new.document_key) then return new; end if;
    insert into erp.restore_posting (restore_id, document_key, account, state) values (current_setting('erp.restore')::bigint, new.document_key, new.account, 'new');
    if new.state = 'planned' then new.state := 'unknown'; new.reason := 'AFTER_RESTORE'; end if;
    return new;
end $$;
create trigger after_restore_new before insert on erp.posting for each row
    when (new.state in ('planned', 'waiting') and current_setting('erp.restore') <> '') execute function erp.distrust_new_posting();

-- Runs before the guard (triggers run by name).
create function erp.distrust_posting() returns trigger language plpgsql as $$
begin
    if exists (select 1 from erp.restore_posting r where r.document_key = new.document_key and r.account = new.account) then
        new.state := 'unknown'; new.outcome := null; new.reason := 'AFTER_RESTORE'; new.absences := 0; new.next_try_at := clock_timestamp();
    end if;
    return new;
end $$;
create trigger after_restore before update on erp.posting for each row
    when (new.state = 'planned' and old.state in ('waiting', 'claimed', 'held', 'refused')) execute function erp.distrust_posting();

create index read_back_suspect on erp.read_back (account, read_at) where absences > 0;
