-- The posting ledger: what has to reach the ERP, what was tried, what became of it.

create table erp.document (
    document_key     text primary key check (length(document_key) = 16 and ltrim(document_key, '0123456789ABCDEFGHJKMNPQRSTVWXYZ') = ''),
    content_hash     text not null check (length(content_hash) = 64 and ltrim(content_hash, '0123456789abcdef') = ''),
    tenant           text not null,
    legal_entity     text not null,
    kind             text not null check (kind in ('AR_INVOICE', 'GL_JOURNAL', 'CREDIT_MEMO', 'RECEIPT')),
    customer_id      text not null,
    contract_id      text not null,
    contract_version int not null,
    period           text not null,
    revision         int not null check (revision >= 1),
    currency         text not null check (length(currency) = 3 and ltrim(currency, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') = ''),
    document_date    date not null,
    total            numeric(28, 9) not null,
    rated_total      numeric(28, 9) not null,
    -- What the document adds to what is receivable: a credit memo states what is credited, a receipt what was paid, as positive amounts.
    balance          numeric(28, 9) not null generated always as (case when kind in ('CREDIT_MEMO', 'RECEIPT') then -total else total end) stored,
    content          bytea not null,                     -- the document's Avro binary
    source_topic     text not null,
    source_partition int not null,
    source_offset    bigint not null,
    planned_at       timestamptz not null default clock_timestamp()
);
create index document_series on erp.document (customer_id, contract_id, period, revision);
create index document_period on erp.document (period, legal_entity);

-- A document's way into one ERP account: where it stands there. A document routed to two accounts has two.
create table erp.posting (
    document_key  text not null,
    account       text not null,
    mode          text not null default 'post' check (mode in ('post', 'compare')),
    state         text not null default 'planned'
                  check (state in ('waiting', 'planned', 'claimed', 'sent', 'accepted', 'created', 'unknown', 'held', 'refused', 'written_off', 'confirmed', 'comparing', 'compared')),
    kind          text not null,
    revision      int not null,
    priority      smallint not null default 0,           -- higher goes first
    posting_date  date,                                  -- moved to an open period; null: the document's own date
    split         int,                                   -- documents in a call at most, after a call was refused as a whole
    outcome       text,                                  -- of the last call
    reason        text,                                  -- code of the last outcome that was not a success
    erp_id        text,                                  -- the record's id in the ERP, as soon as it is known
    job           text,                                  -- the ERP's job that makes it
    posted_on     date,                                  -- as the ERP says
    mapping       text,                                  -- version of the mapping that it was sent by
    attempts      int not null default 0,                -- postings sent; throttled ones do not count
    absences      int not null default 0,                -- look-ups in a row that found nothing
    call_id       bigint,                                -- the call that it is in, or was in last
    claimed_by    text,
    claimed_until timestamptz,
    next_try_at   timestamptz not null default clock_timestamp(),
    changed_at    timestamptz not null default clock_timestamp(),
    -- What the last write came from and in whose hands it was made, so that the history is written from the rows alone.
    from_state    text,
    moved_by      text,
    primary key (document_key, account)
) with (fillfactor = 70);
create index posting_due on erp.posting (account, priority desc, next_try_at, document_key) where state in ('planned', 'unknown', 'accepted', 'created', 'comparing');
-- The end of a lease is in no index, so that a look-up that begins stays on its page (HOT) and writes no index. What is in somebody's hands by a call is as little as calls are under way.
create index posting_leased on erp.posting (account) where state in ('claimed', 'sent');

create table erp.document_line (
    document_key text not null,
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
    primary key (document_key, line, ordinal)
);
create index lineage_by_offset on erp.lineage_range (topic, partition, first_offset);

-- Every call, written before it is made; without an end the caller died or has not heard yet.
create table erp.call (
    id          bigint generated always as identity primary key,
    account     text not null,
    call        text not null check (call in ('post', 'lookup', 'finish')),
    instance    text not null,
    documents   int not null,
    started_at  timestamptz not null default clock_timestamp(),
    finished_at timestamptz
);
create index call_open on erp.call (account) where finished_at is null;

-- What became of each document in each call.
create table erp.attempt (
    id           bigint generated always as identity,
    call_id      bigint not null,
    document_key text not null,
    account      text not null,
    outcome      text not null check (outcome in ('created', 'accepted', 'throttled', 'unauthorized', 'not_sent', 'unknown', 'duplicate', 'validation', 'period_closed',
                                                  'found', 'unposted', 'different', 'absent')),
    http_status  int,
    code         text,
    detail       text,
    erp_id       text
);
create index attempt_by_document on erp.attempt (document_key, id);

create table erp.transition (
    id           bigint generated always as identity,
    document_key text not null,
    account      text not null,
    from_state   text,
    to_state     text not null,
    reason       text,
    instance     text,
    call_id      bigint,
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
    account          text,
    customer_id      text,
    amount           numeric(28, 9),
    currency         text,
    source_topic     text not null,
    source_partition int not null,
    source_offset    bigint not null,
    owner            text,
    opened_at        timestamptz not null default clock_timestamp(),
    resolved_at      timestamptz,
    resolution       text check (resolution in ('retry', 'confirmed', 'discarded', 'written_off')),
    resolved_by      text,
    approved_by      text,
    reason           text,
    legal_entity     text,
    period           text,
    due_at           timestamptz,
    request_id       bigint,
    -- How many approve depends on rules; nobody writes off alone.
    constraint work_item_separation check (resolved_by is distinct from approved_by or resolved_by is null),
    constraint work_item_decided check (resolution is null or resolution not in ('retry', 'written_off') or resolved_by is not null),
    constraint work_item_written_off check (resolution is distinct from 'written_off' or approved_by is not null)
);
-- The same trouble is listed once while it is open.
create unique index work_item_open on erp.work_item (source_topic, source_partition, source_offset, code, coalesce(account, '')) where resolved_at is null;
create index work_item_by_document on erp.work_item (document_key);

-- The routes by which documents were planned, each state of them.
create table erp.route_table (
    version    int generated always as identity primary key,
    content    jsonb not null,
    applied_at timestamptz not null default clock_timestamp()
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

-- Documents as billing makes them, where some reach the ERPs within summary journals: which document of the ledger each one is in.
create table erp.entry (
    partition     int not null,
    "offset"      bigint not null,
    document_key  text not null,
    currency      text not null,
    document_date date not null,
    balance       numeric(28, 9) not null,
    taken_at      timestamptz not null default clock_timestamp(),
    in_document   text,                                  -- itself, or the journal; null: not in the ledger yet
    primary key (partition, "offset")
);
create index entry_waiting on erp.entry (partition, "offset") where in_document is null;
create index entry_by_document on erp.entry (in_document);

-- The edges of the state machine, and what each of them presupposes.
create function erp.guard_posting() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then raise exception 'a posting in the ledger is never deleted (%)', old.document_key using errcode = 'ER001'; end if;
    if old.state in ('confirmed', 'compared', 'written_off') then raise exception 'document % is % and cannot change', old.document_key, old.state using errcode = 'ER002'; end if;
    if (new.document_key, new.account, new.mode, new.kind, new.revision) is distinct from (old.document_key, old.account, old.mode, old.kind, old.revision) then
        raise exception 'what posting % is cannot change', old.document_key using errcode = 'ER003';
    end if;
    new.from_state := old.state;
    new.moved_by := coalesce(new.claimed_by, old.claimed_by);
    if new.state = old.state then return new; end if;
    -- To look a document up is always allowed; after a restore what the ledger says of it may be old.
    if not (new.state = 'unknown' and new.reason is not distinct from 'AFTER_RESTORE' and old.state in ('waiting', 'planned', 'claimed', 'held', 'refused'))
       and not (old.state = 'unknown' and new.state = 'waiting' and old.reason is not distinct from 'AFTER_RESTORE' and old.call_id is null)
       and not (old.state, new.state) in (
        ('planned', 'sent'), ('sent', 'created'), ('created', 'confirmed'), ('sent', 'accepted'), ('accepted', 'confirmed'),
        ('waiting', 'planned'), ('waiting', 'refused'), ('planned', 'claimed'), ('planned', 'waiting'), ('claimed', 'planned'), ('claimed', 'sent'), ('claimed', 'refused'),
        ('sent', 'unknown'), ('sent', 'refused'), ('sent', 'held'), ('sent', 'planned'),
        ('accepted', 'created'), ('accepted', 'unknown'), ('accepted', 'refused'), ('accepted', 'held'), ('accepted', 'planned'),
        ('created', 'refused'), ('created', 'held'), ('created', 'planned'),
        ('unknown', 'confirmed'), ('unknown', 'created'), ('unknown', 'planned'), ('unknown', 'refused'), ('unknown', 'held'),
        ('held', 'planned'), ('refused', 'planned'), ('held', 'written_off'), ('refused', 'written_off'), ('comparing', 'compared')) then
        raise exception 'document % cannot go from % to %', old.document_key, old.state, new.state using errcode = 'ER004';
    end if;
    if new.state = 'sent' then
        if new.call_id is null or new.call_id is not distinct from old.call_id or new.outcome is not null then
            raise exception 'document % cannot be sent without a call on record', old.document_key using errcode = 'ER005';
        end if;
        -- Claimed and sent in one write: somebody has it in hand, and until when.
        if old.state = 'planned' and (new.claimed_by is null or new.claimed_until is null) then
            raise exception 'document % cannot be sent by nobody', old.document_key using errcode = 'ER005';
        end if;
        new.mapping := coalesce(new.mapping, old.mapping);
    end if;
    if new.state in ('confirmed', 'compared') and new.outcome is distinct from 'found' and not (new.state = 'compared' and new.outcome in ('different', 'absent')) then
        raise exception 'document % cannot be confirmed without having been found in the ERP', old.document_key using errcode = 'ER006';
    end if;
    if new.state = 'planned' then
        -- What a job refused it has not made: it is sent with another date, or in a smaller call.
        if old.state in ('unknown', 'accepted') and new.outcome is distinct from 'absent' and (new.job is null or new.outcome is null
            or not (new.outcome = 'period_closed' and new.posting_date is distinct from old.posting_date
                or new.outcome = 'validation' and new.split is not null and new.split < coalesce(old.split, 2147483647))) then
            raise exception 'document % cannot be sent again without a negative look-up', old.document_key using errcode = 'ER007';
        end if;
        if old.state = 'sent' and (new.outcome is null or not (new.outcome in ('throttled', 'unauthorized', 'not_sent')
            or (new.outcome = 'validation' and new.split is not null and new.split < coalesce(old.split, 2147483647))
            or (new.outcome = 'period_closed' and new.posting_date is distinct from old.posting_date))) then
            raise exception 'document % may have reached the ERP', old.document_key using errcode = 'ER008';
        end if;
    end if;
    -- A draft that met a closed period was deleted by the call that was to finish it: it is made anew with another date, and its id is nobody's.
    if old.state = 'created' and new.state = 'planned' then
        if new.outcome is distinct from 'period_closed' or new.posting_date is not distinct from old.posting_date
            or not exists (select 1 from erp.call c where c.id = new.call_id and c.call = 'finish') then
            raise exception 'document % is in the ERP', old.document_key using errcode = 'ER007';
        end if;
        new.erp_id := null;
    end if;
    -- What a job said it said of the call that it was made for: of no later one, and not after a restore.
    if new.state = 'planned' or (new.state = 'unknown' and old.state in ('waiting', 'planned', 'claimed', 'held', 'refused')) then new.job := null; end if;
    -- Asked for on its own: a condition with a query in it runs the query's machinery for each row, whatever stands before it.
    if old.state in ('held', 'refused') then
        if exists (select 1 from erp.work_item w where w.document_key = old.document_key and w.account = old.account and w.resolved_at is null) then
            raise exception 'document % has an open work item', old.document_key using errcode = 'ER009';
        end if;
    end if;
    new.changed_at := clock_timestamp();
    return new;
end $$;

create function erp.record_plans() returns trigger language plpgsql as $$
begin
    insert into erp.transition (document_key, account, to_state, reason) select document_key, account, state, reason from after_rows;
    return null;
end $$;

create function erp.record_transitions() returns trigger language plpgsql as $$
begin
    insert into erp.transition (document_key, account, from_state, to_state, reason, instance, call_id)
    select document_key, account, from_state, state, reason, moved_by, call_id from after_rows where state <> from_state;
    return null;
end $$;

create function erp.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'ER010';
end $$;

-- A call ends once.
create function erp.guard_call() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or old.finished_at is not null or (new.id, new.account, new.call, new.instance, new.started_at) is distinct from (old.id, old.account, old.call, old.instance, old.started_at) then
        raise exception 'call % cannot change', old.id using errcode = 'ER011';
    end if;
    return new;
end $$;

-- What belongs together comes many at a time, in the transaction of its documents, and none of it is ever deleted, truncated or given another key: whether it belongs to something is asked
-- once for all of it. A foreign key would ask for each, and lock the document.
create function erp.refuse_orphans() returns trigger language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan set jit = off as $$
declare keys text[] := array(select distinct document_key from new_rows); orphan text;
begin
    if (select count(*) from erp.document d where d.document_key = any(keys)) < cardinality(keys) then
        select k into orphan from unnest(keys) k where not exists (select 1 from erp.document d where d.document_key = k) limit 1;
        raise exception 'a % belongs to no document (%)', tg_argv[0], orphan using errcode = 'foreign_key_violation';
    end if;
    return null;
end $$;
create function erp.refuse_orphan_ranges() returns trigger language plpgsql
set enable_seqscan = off set enable_bitmapscan = off set enable_nestloop = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan set jit = off as $$
declare keys text[] := array(select distinct document_key from new_rows); orphan text;
begin
    select n.document_key || ' ' || n.line into orphan
    from new_rows n left join (select document_key, line from erp.document_line where document_key = any(keys)) l using (document_key, line) where l.line is null limit 1;
    if found then raise exception 'a range of lineage belongs to no line (%)', orphan using errcode = 'foreign_key_violation'; end if;
    return null;
end $$;

create trigger guard before update or delete on erp.posting for each row execute function erp.guard_posting();
create trigger plans after insert on erp.posting referencing new table as after_rows for each statement execute function erp.record_plans();
create trigger history after update on erp.posting referencing new table as after_rows for each statement execute function erp.record_transitions();
create trigger guard before update or delete on erp.call for each row execute function erp.guard_call();
create trigger append_only before update or delete on erp.document for each row execute function erp.refuse_change();
create trigger append_only before update or delete on erp.attempt for each row execute function erp.refuse_change();
create trigger append_only before update or delete on erp.transition for each row execute function erp.refuse_change();
create trigger append_only before update or delete on erp.document_line for each row execute function erp.refuse_change();
create trigger append_only before update or delete on erp.lineage_range for each row execute function erp.refuse_change();
create trigger belongs after insert on erp.posting referencing new table as new_rows for each statement execute function erp.refuse_orphans('posting');
create trigger belongs after insert on erp.document_line referencing new table as new_rows for each statement execute function erp.refuse_orphans('line');
create trigger belongs after insert on erp.lineage_range referencing new table as new_rows for each statement execute function erp.refuse_orphan_ranges();
create trigger kept before truncate on erp.document for each statement execute function erp.refuse_change();
create trigger kept before truncate on erp.document_line for each statement execute function erp.refuse_change();
