-- The posting ledger: what has to reach the ERP, what was tried, what became of it.

create table erp.document (
    document_key     text primary key check (document_key ~ '^[0-9A-HJKMNP-TV-Z]{16}$'),
    content_hash     text not null check (content_hash ~ '^[0-9a-f]{64}$'),
    tenant           text not null,
    legal_entity     text not null,
    kind             text not null check (kind in ('AR_INVOICE', 'GL_JOURNAL')),
    customer_id      text not null,
    contract_id      text not null,
    contract_version int not null,
    period           text not null,
    revision         int not null check (revision >= 1),
    currency         text not null check (currency ~ '^[A-Z]{3}$'),
    document_date    date not null,
    total            numeric(28, 9) not null,
    rated_total      numeric(28, 9) not null,
    content          bytea not null,                     -- the document's Avro binary
    source_topic     text not null,
    source_partition int not null,
    source_offset    bigint not null,
    state            text not null default 'planned'
                     check (state in ('planned', 'claimed', 'sent', 'unknown', 'held', 'refused', 'confirmed')),
    reason           text,                               -- code of the last outcome that was not a success
    erp_id           text,                               -- the record's id in the ERP, as soon as it is known
    attempts         int not null default 0,             -- postings sent; throttled ones do not count
    absences         int not null default 0,             -- look-ups in a row that found nothing
    claimed_by       text,
    claimed_until    timestamptz,
    next_try_at      timestamptz not null default clock_timestamp(),
    planned_at       timestamptz not null default clock_timestamp(),
    changed_at       timestamptz not null default clock_timestamp()
);
create index document_due on erp.document (next_try_at, document_key) where state in ('planned', 'unknown');
create index document_leased on erp.document (claimed_until) where state in ('claimed', 'sent');
create index document_series on erp.document (customer_id, contract_id, period, revision);
create index document_period on erp.document (period, legal_entity);

create table erp.document_line (
    document_key text not null references erp.document,
    line         int not null,
    product      text not null,
    meter        text not null,
    quantity     numeric(28, 9) not null,
    rated_amount numeric(28, 9) not null,
    amount       numeric(28, 9) not null,
    windows      bigint not null,
    events       bigint not null,
    primary key (document_key, line)
);

create table erp.lineage_range (
    document_key text not null,
    line         int not null,
    ordinal      int not null,
    topic        text not null,
    partition    int not null,
    first_offset bigint not null,
    last_offset  bigint not null check (last_offset >= first_offset),
    events       bigint not null,
    primary key (document_key, line, ordinal),
    foreign key (document_key, line) references erp.document_line
);
create index lineage_by_offset on erp.lineage_range (topic, partition, first_offset);

-- Every call, written before it is made; without an outcome the caller died or has not heard yet.
create table erp.attempt (
    id           bigint generated always as identity primary key,
    document_key text not null references erp.document,
    call         text not null check (call in ('post', 'lookup')),
    instance     text not null,
    started_at   timestamptz not null default clock_timestamp(),
    finished_at  timestamptz,
    outcome      text check (outcome in ('created', 'throttled', 'unauthorized', 'not_sent', 'unknown', 'duplicate', 'validation', 'period_closed',
                                         'found', 'different', 'absent')),
    http_status  int,
    code         text,
    detail       text,
    erp_id       text,
    check ((finished_at is null) = (outcome is null))
);
create index attempt_by_document on erp.attempt (document_key, id);

create table erp.transition (
    id           bigint generated always as identity primary key,
    document_key text not null references erp.document,
    from_state   text,
    to_state     text not null,
    reason       text,
    instance     text,
    at           timestamptz not null default clock_timestamp()
);
create index transition_by_document on erp.transition (document_key, id);

-- How far the topic has been taken in, and what became of each record below that position.
create table erp.consumer_position (
    consumer_group text not null,
    topic          text not null,
    partition      int not null,
    next_offset    bigint not null,
    planned        bigint not null default 0,
    duplicates     bigint not null default 0,
    conflicts      bigint not null default 0,
    rejected       bigint not null default 0,
    primary key (consumer_group, topic, partition)
);

create table erp.work_item (
    id               bigint generated always as identity primary key,
    code             text not null,
    detail           text not null,
    document_key     text,
    customer_id      text,
    amount           numeric(28, 9),
    currency         text,
    source_topic     text not null,
    source_partition int not null,
    source_offset    bigint not null,
    owner            text,
    opened_at        timestamptz not null default clock_timestamp(),
    resolved_at      timestamptz,
    resolution       text check (resolution in ('retry', 'confirmed', 'discarded')),
    resolved_by      text,
    approved_by      text,
    check (resolution is distinct from 'retry' or (resolved_by is not null and approved_by is not null and resolved_by <> approved_by))
);
-- The same trouble is listed once while it is open.
create unique index work_item_open on erp.work_item (source_topic, source_partition, source_offset, code) where resolved_at is null;
create index work_item_by_document on erp.work_item (document_key);

-- One row a call that the account allows at a time: who holds it, and until when at the latest.
create table erp.permit (
    account    text not null,
    slot       int not null,
    attempt_id bigint,
    instance   text,
    expires_at timestamptz not null default '-infinity',
    primary key (account, slot)
);

-- The common pause of all instances after a refusal for throttling or maintenance.
create table erp.pace (
    account      text primary key,
    paused_until timestamptz not null default '-infinity',
    throttled    int not null default 0                  -- refusals in a row
);

-- Records to be published, written in the transaction that they tell of.
create table erp.outbox (
    id           bigint generated always as identity primary key,
    topic        text not null,
    key          bytea,
    value        bytea,
    headers      jsonb not null default '{}',            -- name to base64
    encoded      boolean not null,                       -- false: value is Avro binary without the registry's header
    published_at timestamptz
);
create index outbox_waiting on erp.outbox (id) where published_at is null;

-- The edges of the state machine, and what each of them presupposes.
create function erp.guard_document() returns trigger language plpgsql as $$
declare last erp.attempt;
begin
    if tg_op = 'DELETE' then raise exception 'a document in the ledger is never deleted (%)', old.document_key using errcode = 'ER001'; end if;
    if old.state = 'confirmed' then raise exception 'document % is confirmed and cannot change', old.document_key using errcode = 'ER002'; end if;
    if (new.document_key, new.content_hash, new.content, new.total, new.rated_total, new.currency, new.customer_id, new.contract_id, new.tenant,
        new.legal_entity, new.kind, new.period, new.revision)
       is distinct from
       (old.document_key, old.content_hash, old.content, old.total, old.rated_total, old.currency, old.customer_id, old.contract_id, old.tenant,
        old.legal_entity, old.kind, old.period, old.revision) then
        raise exception 'the content of document % cannot change', old.document_key using errcode = 'ER003';
    end if;
    if new.state = old.state then return new; end if;
    if not (old.state, new.state) in (
        ('planned', 'claimed'), ('claimed', 'planned'), ('claimed', 'sent'), ('claimed', 'refused'),
        ('sent', 'confirmed'), ('sent', 'unknown'), ('sent', 'refused'), ('sent', 'held'), ('sent', 'planned'),
        ('unknown', 'confirmed'), ('unknown', 'planned'), ('unknown', 'refused'), ('held', 'planned'), ('refused', 'planned')) then
        raise exception 'document % cannot go from % to %', old.document_key, old.state, new.state using errcode = 'ER004';
    end if;
    select * into last from erp.attempt a where a.document_key = old.document_key order by a.id desc limit 1;
    if new.state = 'sent' and (last.call is distinct from 'post' or last.outcome is not null) then
        raise exception 'document % cannot be sent without an open attempt', old.document_key using errcode = 'ER005';
    end if;
    if new.state = 'confirmed' and last.outcome is distinct from 'found' then
        raise exception 'document % cannot be confirmed without having been found in the ERP', old.document_key using errcode = 'ER006';
    end if;
    if old.state = 'unknown' and new.state = 'planned' and last.outcome is distinct from 'absent' then
        raise exception 'document % cannot be sent again without a negative look-up', old.document_key using errcode = 'ER007';
    end if;
    if old.state = 'sent' and new.state = 'planned' and (last.outcome is null or last.outcome not in ('throttled', 'unauthorized', 'not_sent')) then
        raise exception 'document % may have reached the ERP', old.document_key using errcode = 'ER008';
    end if;
    if old.state in ('held', 'refused') and new.state = 'planned' and exists
        (select 1 from erp.work_item w where w.document_key = old.document_key and w.resolved_at is null) then
        raise exception 'document % has an open work item', old.document_key using errcode = 'ER009';
    end if;
    new.changed_at := clock_timestamp();
    return new;
end $$;

create function erp.record_transition() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' or new.state <> old.state then
        insert into erp.transition (document_key, from_state, to_state, reason, instance)
        values (new.document_key, case when tg_op = 'UPDATE' then old.state end, new.state, new.reason,
                coalesce(new.claimed_by, case when tg_op = 'UPDATE' then old.claimed_by end));
    end if;
    return null;
end $$;

create function erp.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'ER010';
end $$;

create trigger guard before update or delete on erp.document for each row execute function erp.guard_document();
create trigger history after insert or update on erp.document for each row execute function erp.record_transition();
create trigger append_only before update or delete on erp.transition for each row execute function erp.refuse_change();
create trigger append_only before update or delete on erp.document_line for each row execute function erp.refuse_change();
create trigger append_only before update or delete on erp.lineage_range for each row execute function erp.refuse_change();
