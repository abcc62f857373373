-- People: who answers for an exception, who may decide, and the record of every decision. What is refused here is refused to every program.

create domain erp.actor as text check (value ~ '^[a-z0-9][a-z0-9._@-]{0,99}$');

-- Text that can be hashed without two meanings: each part with its length in front; '-' for what is missing.
create function erp.canonical(variadic parts text[]) returns text language sql immutable as $$
    select string_agg(case when p is null then '-' else octet_length(convert_to(p, 'UTF8')) || ':' || p end || ',', '' order by n) from unnest(parts) with ordinality as u (p, n)
$$;
create function erp.hash_of(what text) returns text language sql immutable as $$ select encode(sha256(convert_to(what, 'UTF8')), 'hex') $$;

-- The audit trail: a chain of hashes without gaps --------------------------------------------------------------------------------------------------------------
create table erp.audit (
    sequence    bigint primary key,
    at          timestamptz not null,
    actor       text not null,
    method      text not null,                           -- how the actor was authenticated
    action      text not null,
    subject     text not null,
    before_hash text,
    after_hash  text,
    details     text not null check (jsonb_typeof(details::jsonb) = 'object'),
    hash        text not null check (hash ~ '^[0-9a-f]{64}$')
);
create table erp.audit_head (
    one         boolean primary key default true check (one),
    ledger      uuid not null default gen_random_uuid(), -- names this ledger among the anchors
    sequence    bigint not null default 0,
    hash        text not null default repeat('0', 64),
    anchored    bigint not null default 0,
    anchored_at timestamptz not null default '-infinity'
);
insert into erp.audit_head default values;

-- hash(n) = SHA-256 of hash(n - 1) and the row; the head's lock puts the writers in a row.
create function erp.chain_audit() returns trigger language plpgsql security definer set search_path = pg_catalog, erp, pg_temp as $$
declare head erp.audit_head;
begin
    select * into strict head from erp.audit_head for update;
    new.sequence := head.sequence + 1;
    new.at := clock_timestamp();
    new.hash := encode(sha256(decode(head.hash, 'hex') || convert_to(erp.canonical(new.sequence::text, (extract(epoch from new.at) * 1000000)::bigint::text,
        new.actor, new.method, new.action, new.subject, new.before_hash, new.after_hash, new.details), 'UTF8')), 'hex');
    update erp.audit_head set sequence = new.sequence, hash = new.hash;
    return new;
end $$;
create trigger chain before insert on erp.audit for each row execute function erp.chain_audit();
create trigger append_only before update or delete or truncate on erp.audit for each statement execute function erp.refuse_change();

create function erp.write_audit(actor text, method text, action text, subject text, before_hash text, after_hash text, details jsonb) returns void language sql as $$
    insert into erp.audit (sequence, at, actor, method, action, subject, before_hash, after_hash, details, hash)
    values (0, clock_timestamp(), actor, method, action, subject, before_hash, after_hash, details::text, repeat('0', 64))
$$;

-- What programs do for a person elsewhere, e.g. a replay or a sign-off: on record in the transaction that calls this.
create function erp.audit_append(who text, what text, about text, details jsonb) returns void language sql security definer set search_path = pg_catalog, erp, pg_temp as $$
    select erp.write_audit(who, 'program', what, about, null, null, case jsonb_typeof(details) when 'object' then details else jsonb_build_object('value', details) end)
$$;

-- Leaves the chain's head for Kafka where it is new and the last one is old enough.
create function erp.anchor_audit(for_topic text, spacing interval) returns bigint language plpgsql security definer set search_path = pg_catalog, erp, pg_temp as $$
declare head erp.audit_head;
begin
    select * into strict head from erp.audit_head;
    if head.sequence = head.anchored or head.anchored_at > clock_timestamp() - spacing then return null; end if;
    select * into strict head from erp.audit_head for update;
    if head.sequence = head.anchored or head.anchored_at > clock_timestamp() - spacing then return null; end if;
    insert into erp.outbox (topic, key, value, encoded) values (for_topic, convert_to(head.ledger::text, 'UTF8'),
        convert_to(json_build_object('ledger', head.ledger, 'sequence', head.sequence, 'hash', head.hash)::text, 'UTF8'), true);
    update erp.audit_head set anchored = sequence, anchored_at = clock_timestamp();
    return head.sequence;
end $$;

-- Every change of the configuration that postings depend on. The actor is whoever is logged in to the database.
create table erp.people_rules (
    version    int generated always as identity primary key,
    content    jsonb not null,
    applied_at timestamptz not null default clock_timestamp()
);
create table erp.mapping_version (
    id         bigint generated always as identity primary key,
    account    text not null,
    mapping    text not null,
    applied_at timestamptz not null default clock_timestamp()
);
create function erp.audit_configuration() returns trigger language plpgsql security definer set search_path = pg_catalog, erp, pg_temp as $$
declare before text; after text; subject text := tg_table_name; details jsonb;
begin
    if tg_table_name = 'quota' then
        subject := 'quota/' || new.account;
        details := jsonb_build_object('concurrency', new.concurrency, 'requests', new.requests, 'length', new.length::text, 'reserve', new.reserve);
        after := erp.hash_of(details::text);
        if tg_op = 'UPDATE' then
            before := erp.hash_of(jsonb_build_object('concurrency', old.concurrency, 'requests', old.requests, 'length', old.length::text, 'reserve', old.reserve)::text);
        end if;
        if before = after then return null; end if;
    elsif tg_table_name = 'mapping_version' then
        subject := 'mapping/' || new.account;
        details := jsonb_build_object('mapping', new.mapping);
        after := erp.hash_of(new.mapping);
        select erp.hash_of(m.mapping) into before from erp.mapping_version m where m.account = new.account and m.id < new.id order by m.id desc limit 1;
    else
        details := jsonb_build_object('version', new.version, 'content', new.content);
        after := erp.hash_of(new.content::text);
        execute format('select erp.hash_of(content::text) from erp.%I where version < $1 order by version desc limit 1', tg_table_name) into before using new.version;
    end if;
    perform erp.write_audit(session_user::text, 'database', 'configuration.changed', subject, before, after, details);
    return null;
end $$;
create trigger audited after insert on erp.route_table for each row execute function erp.audit_configuration();
create trigger audited after insert on erp.people_rules for each row execute function erp.audit_configuration();
create trigger audited after insert on erp.mapping_version for each row execute function erp.audit_configuration();
create trigger audited after insert or update of concurrency, requests, length, reserve on erp.quota for each row execute function erp.audit_configuration();
create trigger append_only before update or delete or truncate on erp.people_rules for each statement execute function erp.refuse_change();
create trigger append_only before update or delete or truncate on erp.mapping_version for each statement execute function erp.refuse_change();
create trigger append_only before update or delete or truncate on erp.route_table for each statement execute function erp.refuse_change();

-- The rules, as people wrote them --------------------------------------------------------------------------------------------------------------------------------
create function erp.rules_in_force() returns jsonb language sql stable as $$
    select coalesce((select content from erp.people_rules order by version desc limit 1), '{}')
$$;
-- A list that a rule leaves out holds for all.
create function erp.fits(rule jsonb, list text, value text) returns boolean language sql immutable as $$ select not rule ? list or coalesce((rule -> list) ? value, false) $$;
-- An amount that nobody knows, or in a currency without a limit, is above it.
create function erp.exceeds(rule jsonb, amount numeric, currency text) returns boolean language sql immutable as $$
    select not rule ? 'above' or amount is null or abs(amount) > coalesce((rule -> 'above' ->> currency)::numeric, (rule -> 'above' ->> '*')::numeric, -1)
$$;
-- How many have to approve before a document is posted, and by which rules.
create function erp.posting_rule(for_key text, for_account text, out approvers int, out names text) language sql stable set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
    select coalesce(max(coalesce((r ->> 'approvers')::int, 1)), 0), string_agg(r ->> 'name', ', ' order by r ->> 'name')
    from erp.document d, jsonb_array_elements(erp.rules_in_force() -> 'postings') r
    where d.document_key = for_key and erp.fits(r, 'kinds', d.kind) and erp.fits(r, 'legalEntities', d.legal_entity) and erp.fits(r, 'customers', d.customer_id)
      and erp.fits(r, 'accounts', for_account) and erp.exceeds(r, d.total, d.currency)
      and (not coalesce((r ->> 'newCustomers')::boolean, false) or not exists
          (select 1 from erp.document e join erp.posting q using (document_key) where e.customer_id = d.customer_id and q.account = for_account and q.state = 'confirmed'))
$$;

-- Work items: what, why, whose, until when ------------------------------------------------------------------------------------------------------------------------
create index work_item_due on erp.work_item (due_at) where resolved_at is null;

create table erp.work_note (
    id           bigint generated always as identity primary key,
    work_item_id bigint not null references erp.work_item,
    at           timestamptz not null default clock_timestamp(),
    actor        erp.actor not null,
    text         text not null check (length(text) between 1 and 4000)
);
create index work_note_by_item on erp.work_note (work_item_id, id);
create trigger append_only before update or delete or truncate on erp.work_note for each statement execute function erp.refuse_change();

create function erp.assign_work_item() returns trigger language plpgsql security definer set search_path = pg_catalog, erp, pg_temp as $$
declare rule jsonb;
begin
    select d.legal_entity, d.period into new.legal_entity, new.period from erp.document d where d.document_key = new.document_key;
    for rule in select r from jsonb_array_elements(erp.rules_in_force() -> 'owners') r loop
        if erp.fits(rule, 'codes', new.code) and erp.fits(rule, 'legalEntities', new.legal_entity) and erp.fits(rule, 'customers', new.customer_id) and erp.fits(rule, 'accounts', new.account) then
            new.owner := coalesce(new.owner, rule ->> 'owner');
            new.due_at := coalesce(new.due_at, new.opened_at + make_interval(hours => (rule ->> 'dueHours')::int));
            new.reason := coalesce(new.reason, rule ->> 'reason');
            exit;
        end if;
    end loop;
    return new;
end $$;
create trigger assign before insert on erp.work_item for each row execute function erp.assign_work_item();

-- Requests and approvals ---------------------------------------------------------------------------------------------------------------------------------------------
create table erp.request (
    id           bigint generated always as identity primary key,
    action       text not null check (action in ('post', 'retry', 'release', 'write_off', 'reverse')),
    requested_by erp.actor not null,
    requested_at timestamptz not null default clock_timestamp(),
    expires_at   timestamptz,
    reason       text not null default '' check (length(reason) <= 4000),
    rule         text,                                   -- names of the rules that ask for approval
    posting_date date,
    approvers    int not null check (approvers between 0 and 2),
    hash         text not null default '',               -- of exactly what will be done
    status       text not null default 'open' check (status in ('open', 'executed', 'refused', 'expired', 'void')),
    decided_at   timestamptz,
    decided_in   xid8,                                   -- the transaction in which the postings may change
    check ((posting_date is not null) = (action = 'release')),
    check (action not in ('write_off', 'reverse') or approvers > 0)
);
create index request_open on erp.request (id) where status = 'open';
create table erp.request_item (
    request_id   bigint not null references erp.request,
    ordinal      int not null,
    work_item_id bigint references erp.work_item,
    document_key text references erp.document,
    account      text,
    primary key (request_id, ordinal)
);
create index request_item_by_posting on erp.request_item (document_key, account);
create index request_item_by_work_item on erp.request_item (work_item_id);
create table erp.approval (
    request_id bigint not null references erp.request,
    actor      erp.actor not null,
    method     text not null,
    verdict    text not null check (verdict in ('approve', 'refuse')),
    hash       text not null,
    reason     text not null default '' check (length(reason) <= 4000),
    at         timestamptz not null default clock_timestamp(),
    primary key (request_id, actor)
);
create trigger append_only before update or delete or truncate on erp.request_item for each statement execute function erp.refuse_change();
create trigger append_only before update or delete or truncate on erp.approval for each statement execute function erp.refuse_change();

-- What a request for a reversal publishes once it is approved, byte for byte.
create table erp.reversal_request (
    request_id   bigint primary key references erp.request,
    document_key text not null references erp.document,
    reversal_key text not null check (reversal_key ~ '^[0-9A-HJKMNP-TV-Z]{16}$' and reversal_key <> document_key),
    content_hash text not null check (content_hash ~ '^[0-9a-f]{64}$'),
    content      bytea not null,                         -- the counter-document's Avro binary
    topic        text not null
);
create index reversal_request_by_document on erp.reversal_request (document_key);
create trigger append_only before update or delete or truncate on erp.reversal_request for each statement execute function erp.refuse_change();

-- These go by keys: a table that has just been filled has no statistics yet, and the planner would read the whole of it for each document.
-- What a request would do as the world is now: the action and, for each document, its bytes, amount, posting date, state and work item; of a reversal the counter-document as well.
create function erp.request_hash(of_request bigint) returns text language sql stable set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
    select erp.hash_of(erp.canonical(r.action, r.posting_date::text) || coalesce((
        select string_agg(erp.canonical(i.document_key, i.account, d.content_hash, encode(sha256(d.content), 'hex'), coalesce(d.total, w.amount)::text, coalesce(d.currency, w.currency),
                   coalesce(r.posting_date, p.posting_date, d.document_date)::text, p.state, i.work_item_id::text, (w.resolved_at is not null)::text), '' order by i.ordinal)
        from erp.request_item i left join erp.work_item w on w.id = i.work_item_id left join erp.document d on d.document_key = i.document_key
            left join erp.posting p on p.document_key = i.document_key and p.account = i.account
        where i.request_id = r.id), '') || coalesce((
        select erp.canonical(q.document_key, q.reversal_key, q.content_hash, encode(sha256(q.content), 'hex'), q.topic) from erp.reversal_request q where q.request_id = r.id), ''))
    from erp.request r where r.id = of_request
$$;

-- How many have to approve a request, by the rules in force now. Without rules one, for a write-off and a reversal never less.
create function erp.approvers_needed(of_request bigint) returns int language sql stable set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
    with r as (select * from erp.request where id = of_request),
    i as (
        select coalesce(d.kind, '') as kind, coalesce(d.legal_entity, w.legal_entity, '') as entity, coalesce(d.currency, w.currency, '') as currency, coalesce(d.total, w.amount) as amount,
               coalesce(i.account, '') as account, w.code, i.document_key
        from r join erp.request_item i on i.request_id = r.id left join erp.work_item w on w.id = i.work_item_id left join erp.document d on d.document_key = i.document_key),
    of_rules as (
        select max((a ->> 'approvers')::int) as approvers from r, jsonb_array_elements(erp.rules_in_force() -> 'actions') a
        where erp.fits(a, 'actions', r.action) and exists (
            select 1 from i where erp.fits(a, 'kinds', i.kind) and erp.fits(a, 'legalEntities', i.entity) and erp.fits(a, 'accounts', i.account) group by i.currency
            having erp.exceeds(a, case when bool_or(i.amount is null) then null else sum(abs(i.amount)) end, i.currency)))
    select case when r.action = 'post' then (select max((erp.posting_rule(i.document_key, i.account)).approvers) from i)
        else greatest(coalesce(o.approvers, case when erp.rules_in_force() ? 'actions' then 0 else 1 end), case when r.action in ('write_off', 'reverse') then 1 else 0 end,
            -- What people refused is not sent by fewer people than had to approve it.
            (select max(greatest(1, (erp.posting_rule(i.document_key, i.account)).approvers)) from i where i.code = 'APPROVAL_REFUSED')) end
    from r, of_rules o
$$;

create function erp.guard_request() returns trigger language plpgsql security definer set search_path = pg_catalog, erp, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    if tg_op = 'INSERT' then
        if new.status <> 'open' or new.hash <> '' then raise exception 'a request begins open' using errcode = 'ER021'; end if;
        return new;
    end if;
    if tg_op = 'DELETE' or old.status <> 'open' then raise exception 'request % is % and cannot change', old.id, old.status using errcode = 'ER021'; end if;
    if (new.id, new.action, new.requested_by, new.requested_at, new.expires_at, new.reason, new.rule, new.posting_date)
        is distinct from (old.id, old.action, old.requested_by, old.requested_at, old.expires_at, old.reason, old.rule, old.posting_date)
        or (old.hash <> '' and (new.hash, new.approvers) is distinct from (old.hash, old.approvers)) then
        raise exception 'what request % asks for cannot change', old.id using errcode = 'ER021';
    end if;
    if new.status = old.status then return new; end if;
    if new.status in ('executed', 'refused') and new.expires_at <= clock_timestamp() then raise exception 'request % has expired', old.id using errcode = 'ER022'; end if;
    if new.status = 'executed' then
        if new.hash = '' or new.hash is distinct from erp.request_hash(new.id) then raise exception 'what request % asked for has changed', old.id using errcode = 'ER023'; end if;
        if (select count(*) from erp.approval a where a.request_id = new.id and a.verdict = 'approve' and a.hash = new.hash) < greatest(new.approvers, erp.approvers_needed(new.id))
            or exists (select 1 from erp.approval a where a.request_id = new.id and a.verdict = 'refuse') then
            raise exception 'request % lacks approvals', old.id using errcode = 'ER024';
        end if;
    elsif new.status = 'refused' and not exists (select 1 from erp.approval a where a.request_id = new.id and a.verdict = 'refuse') then
        raise exception 'request % was refused by nobody', old.id using errcode = 'ER024';
    end if;
    new.decided_at := clock_timestamp();
    new.decided_in := pg_current_xact_id();
    return new;
end $$;
create trigger guard before insert or update or delete on erp.request for each row execute function erp.guard_request();

create function erp.guard_approval() returns trigger language plpgsql security definer set search_path = pg_catalog, erp, pg_temp as $$
declare r erp.request;
begin
    select * into r from erp.request where id = new.request_id for update;
    if r.requested_by = new.actor then raise exception '% cannot decide on the own request %', new.actor, r.id using errcode = 'ER025'; end if;
    if new.actor = 'streams' then raise exception 'the product approves nothing' using errcode = 'ER025'; end if;
    if r.status <> 'open' then raise exception 'request % is %', r.id, r.status using errcode = 'ER021'; end if;
    if r.expires_at <= clock_timestamp() then raise exception 'request % has expired', r.id using errcode = 'ER022'; end if;
    if new.hash is distinct from r.hash or r.hash = '' then raise exception 'request % asks for something else than what was approved', r.id using errcode = 'ER023'; end if;
    return new;
end $$;
create trigger guard before insert on erp.approval for each row execute function erp.guard_approval();

-- A posting leaves a state in which people have the word only by a request that was decided in the same transaction.
create function erp.guard_decision() returns trigger language plpgsql security definer set search_path = pg_catalog, erp, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    if not exists (
        select 1 from erp.request_item i join erp.request r on r.id = i.request_id
        where i.document_key = old.document_key and i.account = old.account and r.decided_in = pg_current_xact_id() and case
            when old.state = 'waiting' then r.action = 'post' and r.status = case new.state when 'refused' then 'refused' else 'executed' end
            when new.state = 'written_off' then r.action = 'write_off' and r.status = 'executed'
            else r.status = 'executed' and (r.action = 'retry' or (r.action = 'release' and new.posting_date = r.posting_date)) end) then
        raise exception 'document % goes from % to % only by a request that was approved', old.document_key, old.state, new.state using errcode = 'ER020';
    end if;
    return new;
end $$;
create trigger guard_decision before update on erp.posting for each row
    when (old.state in ('waiting', 'held', 'refused') and new.state is distinct from old.state) execute function erp.guard_decision();

-- No posting begins where only a way through the ERP or through people leads.
create function erp.guard_plan() returns trigger language plpgsql as $$
begin
    raise exception 'document % cannot begin as %', new.document_key, new.state using errcode = 'ER004';
end $$;
create trigger guard_plan before insert on erp.posting for each row when (new.state in ('confirmed', 'compared', 'written_off')) execute function erp.guard_plan();

create function erp.guard_work_item() returns trigger language plpgsql security definer set search_path = pg_catalog, erp, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    if tg_op = 'DELETE' then raise exception 'a work item is never deleted (%)', old.id using errcode = 'ER026'; end if;
    if old.resolved_at is not null then raise exception 'work item % is resolved and cannot change', old.id using errcode = 'ER026'; end if;
    if (new.id, new.code, new.document_key, new.account, new.customer_id, new.amount, new.currency, new.opened_at, new.source_topic, new.source_partition, new.source_offset)
        is distinct from (old.id, old.code, old.document_key, old.account, old.customer_id, old.amount, old.currency, old.opened_at, old.source_topic, old.source_partition, old.source_offset) then
        raise exception 'what work item % is about cannot change', old.id using errcode = 'ER026';
    end if;
    if new.resolution in ('retry', 'written_off', 'discarded') and not exists (
        select 1 from erp.request r where r.id = new.request_id and r.status = 'executed' and r.decided_in = pg_current_xact_id() and r.requested_by = new.resolved_by
            and r.action = any(case new.resolution when 'retry' then array['retry', 'release'] else array['write_off'] end)) then
        raise exception 'work item % is resolved only by a request', old.id using errcode = 'ER027';
    end if;
    if new.resolution = 'confirmed' and exists (
        select 1 from erp.posting p where p.document_key = new.document_key and p.account = new.account and p.state not in ('confirmed', 'compared')) then
        raise exception 'the document of work item % is not confirmed', old.id using errcode = 'ER027';
    end if;
    return new;
end $$;
create trigger guard before update or delete on erp.work_item for each row execute function erp.guard_work_item();

-- What people do. Each function is one action with its row in the audit trail. -----------------------------------------------------------------------------------
create function erp.refuse(code text, message text) returns void language plpgsql as $$
begin
    raise exception '%', message using errcode = 'ER030', hint = code;
end $$;

create function erp.assign(by_actor text, by_method text, item bigint, to_owner text, due timestamptz) returns void language plpgsql security definer set search_path = pg_catalog, erp, pg_temp as $$
declare w erp.work_item;
begin
    select * into w from erp.work_item where id = item for update;
    if not found then perform erp.refuse('NOT_FOUND', format('There is no work item %s', item)); end if;
    if w.resolved_at is not null then perform erp.refuse('RESOLVED', format('Work item %s is resolved', item)); end if;
    update erp.work_item set owner = to_owner::erp.actor, due_at = coalesce(due, due_at) where id = item;
    perform erp.write_audit(by_actor::erp.actor, by_method, 'work_item.assigned', 'work_item/' || item, erp.hash_of(erp.canonical(w.owner, w.due_at::text)),
        erp.hash_of(erp.canonical(to_owner, coalesce(due, w.due_at)::text)), jsonb_build_object('from', w.owner, 'to', to_owner, 'due', coalesce(due, w.due_at)));
end $$;

create function erp.note(by_actor text, by_method text, item bigint, note text) returns bigint language plpgsql security definer set search_path = pg_catalog, erp, pg_temp as $$
declare made bigint;
begin
    if not exists (select 1 from erp.work_item where id = item) then perform erp.refuse('NOT_FOUND', format('There is no work item %s', item)); end if;
    insert into erp.work_note (work_item_id, actor, text) values (item, by_actor, note) returning id into made;
    perform erp.write_audit(by_actor, by_method, 'work_item.noted', 'work_item/' || item, null, erp.hash_of(note), jsonb_build_object('note', made));
    return made;
end $$;

-- Does what a request asks for; the guards look at each row.
create function erp.execute_request(of_request bigint) returns void language plpgsql security definer set search_path = pg_catalog, erp, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
declare r erp.request; first_approver text;
begin
    update erp.request set status = 'executed' where id = of_request returning * into r;
    if r.action = 'reverse' then
        perform erp.execute_reversal(r.id);
        return;
    end if;
    select a.actor into first_approver from erp.approval a where a.request_id = r.id and a.verdict = 'approve' order by a.at, a.actor limit 1;
    update erp.work_item w
    set resolved_at = clock_timestamp(), resolved_by = r.requested_by, approved_by = first_approver, request_id = r.id,
        resolution = case when r.action <> 'write_off' then 'retry' when exists (select 1 from erp.posting p where p.document_key = w.document_key and p.account = w.account) then 'written_off' else 'discarded' end
    where w.resolved_at is null and w.id in (
        select i.work_item_id from erp.request_item i where i.request_id = r.id
        union select v.id from erp.request_item i join erp.work_item v on v.document_key = i.document_key and v.account = i.account where i.request_id = r.id);
    update erp.posting p
    set state = case when r.action = 'write_off' then 'written_off' else 'planned' end, posting_date = coalesce(r.posting_date, p.posting_date),
        attempts = 0, absences = 0, split = null, next_try_at = clock_timestamp()
    from erp.request_item i where i.request_id = r.id and p.document_key = i.document_key and p.account = i.account;
end $$;

create function erp.ask(by_actor text, by_method text, what text, items bigint[], to_date date, why text) returns bigint language plpgsql security definer set search_path = pg_catalog, erp, pg_temp as $$
declare made bigint; bad bigint; needed int; hours int := coalesce((erp.rules_in_force() ->> 'expireHours')::int, 72); done text;
begin
    if what not in ('retry', 'release', 'write_off') then perform erp.refuse('ACTION_UNKNOWN', format('%s is not an action', what)); end if;
    perform 1 from erp.work_item where id = any(items) order by id for update;
    select n into bad from unnest(items) n where not exists (select 1 from erp.work_item w where w.id = n) limit 1;
    if bad is not null then perform erp.refuse('NOT_FOUND', format('There is no work item %s', bad)); end if;
    select min(w.id) into bad from erp.work_item w where w.id = any(items) and w.resolved_at is not null;
    if bad is not null then perform erp.refuse('RESOLVED', format('Work item %s is resolved', bad)); end if;
    select min(i.work_item_id) into bad from erp.request_item i join erp.request r on r.id = i.request_id
    where r.status = 'open' and (r.expires_at is null or r.expires_at > clock_timestamp())
      and (i.work_item_id = any(items) or exists (select 1 from erp.work_item w where w.id = any(items) and w.document_key = i.document_key and w.account = i.account));
    if bad is not null then perform erp.refuse('REQUESTED_ALREADY', format('Work item %s is in an open request', bad)); end if;
    perform 1 from erp.posting p join erp.work_item w on w.document_key = p.document_key and w.account = p.account where w.id = any(items) order by p.document_key, p.account for update of p;
    select min(w.id) into bad from erp.work_item w left join erp.posting p on p.document_key = w.document_key and p.account = w.account
    where w.id = any(items) and case when p.document_key is null then what <> 'write_off' else p.state not in ('held', 'refused') end;
    if bad is not null then perform erp.refuse('NOT_POSSIBLE', format('Work item %s has no posting that is held or refused', bad)); end if;

    insert into erp.request (action, requested_by, expires_at, reason, posting_date, approvers) values (what, by_actor, clock_timestamp() + make_interval(hours => hours), why, to_date, 1) returning id into made;
    insert into erp.request_item (request_id, ordinal, work_item_id, document_key, account)
    select made, row_number() over (order by w.document_key, w.account, w.id), w.id, p.document_key, p.account
    from erp.work_item w left join erp.posting p on p.document_key = w.document_key and p.account = w.account where w.id = any(items);
    needed := erp.approvers_needed(made);
    update erp.request set approvers = needed, hash = erp.request_hash(made) where id = made;
    if needed = 0 then perform erp.execute_request(made); end if;
    select case when needed = 0 then 'executed' else 'requested' end into done;
    perform erp.write_audit(by_actor, by_method, format('%s.%s', what, done), 'request/' || made, null, (select hash from erp.request where id = made),
        jsonb_build_object('items', cardinality(items), 'approvers', needed, 'posting_date', to_date, 'reason', why));
    return made;
end $$;

create function erp.hold_posting(for_key text, for_account text, needed int, by_rule text) returns void language plpgsql security definer set search_path = pg_catalog, erp, pg_temp as $$
declare made bigint;
begin
    insert into erp.request (action, requested_by, rule, approvers) values ('post', 'streams', by_rule, needed) returning id into made;
    insert into erp.request_item (request_id, ordinal, document_key, account) values (made, 1, for_key, for_account);
    update erp.request set hash = erp.request_hash(made) where id = made;
end $$;

-- Documents that rules want approved begin as waiting, those too that the ledger has lost and takes in again: once approved they are looked up before they are sent.
create function erp.hold_for_approval() returns trigger language plpgsql security definer set search_path = pg_catalog, erp, pg_temp as $$
declare p record;
begin
    if coalesce(jsonb_array_length(erp.rules_in_force() -> 'postings'), 0) = 0 then return null; end if;
    for p in select n.document_key, n.account, x.approvers, x.names from after_rows n cross join lateral erp.posting_rule(n.document_key, n.account) x where n.mode = 'post' and (n.state = 'planned' or (n.state = 'unknown' and n.reason = 'AFTER_RESTORE')) order by 1, 2 loop
        continue when p.approvers = 0;
        update erp.posting set state = 'waiting', reason = 'APPROVAL' where document_key = p.document_key and account = p.account;
        perform erp.hold_posting(p.document_key, p.account, p.approvers, p.names);
    end loop;
    return null;
end $$;
create trigger wait_for_approval after insert on erp.posting referencing new table as after_rows for each statement execute function erp.hold_for_approval();

-- One verdict. Returns where that leaves the request; expired and void are facts to be kept, not errors.
create function erp.decide_one(by_actor text, by_method text, of_request bigint, the_verdict text, seen_hash text, why text) returns text language plpgsql security definer set search_path = pg_catalog, erp, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare r erp.request; i erp.request_item;
begin
    select * into r from erp.request where id = of_request for update;
    if not found then perform erp.refuse('NOT_FOUND', format('There is no request %s', of_request)); end if;
    if r.requested_by = by_actor then perform erp.refuse('OWN_REQUEST', format('%s cannot decide on the own request %s', by_actor, of_request)); end if;
    if r.status <> 'open' then perform erp.refuse('DECIDED', format('Request %s is %s', of_request, r.status)); end if;
    if r.expires_at <= clock_timestamp() then update erp.request set status = 'expired' where id = r.id; return 'expired'; end if;
    perform 1 from erp.posting p join erp.request_item q on q.document_key = p.document_key and q.account = p.account where q.request_id = r.id order by p.document_key, p.account for update of p;
    if erp.request_hash(r.id) <> r.hash then
        update erp.request set status = 'void' where id = r.id;
        if r.action = 'post' then
            select * into i from erp.request_item where request_id = r.id;
            perform erp.hold_posting(i.document_key, i.account, r.approvers, r.rule) from erp.posting p where p.document_key = i.document_key and p.account = i.account and p.state = 'waiting';
        end if;
        return 'void';
    end if;
    if seen_hash is distinct from r.hash then perform erp.refuse('HASH_DIFFERS', format('Request %s asks for something else than what was seen', of_request)); end if;
    if exists (select 1 from erp.approval a where a.request_id = r.id and a.actor = by_actor) then perform erp.refuse('DECIDED', format('%s has approved request %s already', by_actor, of_request)); end if;
    insert into erp.approval (request_id, actor, method, verdict, hash, reason) values (r.id, by_actor, by_method, the_verdict, seen_hash, why);
    if the_verdict = 'approve' then
        if (select count(*) from erp.approval where request_id = r.id) < greatest(r.approvers, erp.approvers_needed(r.id)) then return 'open'; end if;
        perform erp.execute_request(r.id);
        return 'executed';
    end if;
    update erp.request set status = 'refused' where id = r.id;
    if r.action = 'post' then
        update erp.posting p set state = 'refused', reason = 'APPROVAL_REFUSED' from erp.request_item q where q.request_id = r.id and p.document_key = q.document_key and p.account = q.account;
        insert into erp.work_item (code, detail, document_key, account, customer_id, amount, currency, source_topic, source_partition, source_offset)
        select 'APPROVAL_REFUSED', format('%s: %s', by_actor, why), d.document_key, q.account, d.customer_id, d.total, d.currency, d.source_topic, d.source_partition, d.source_offset
        from erp.request_item q join erp.document d using (document_key) where q.request_id = r.id on conflict do nothing;
    end if;
    return 'refused';
end $$;

create function erp.decide(by_actor text, by_method text, of_request bigint, the_verdict text, seen_hash text, why text) returns text language plpgsql security definer set search_path = pg_catalog, erp, pg_temp as $$
declare became text; r erp.request;
begin
    became := erp.decide_one(by_actor, by_method, of_request, the_verdict, seen_hash, why);
    select * into r from erp.request where id = of_request;
    perform erp.write_audit(by_actor, by_method, format('%s.%s', r.action, case became when 'open' then 'approved' else became end), 'request/' || of_request, r.hash, erp.request_hash(of_request),
        jsonb_build_object('verdict', the_verdict, 'reason', why));
    return became;
end $$;

-- Open requests to post that a filter fits: {account, legalEntity, customer, kind, currency, period}.
create function erp.waiting_set(filter jsonb) returns table (request_id bigint, request_hash text, amount numeric, currency text) language sql stable set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
    select r.id, r.hash, d.total, d.currency
    from erp.request r join erp.request_item i on i.request_id = r.id join erp.document d using (document_key)
    where r.status = 'open' and r.action = 'post' and i.account = coalesce(filter ->> 'account', i.account) and d.legal_entity = coalesce(filter ->> 'legalEntity', d.legal_entity)
      and d.customer_id = coalesce(filter ->> 'customer', d.customer_id) and d.kind = coalesce(filter ->> 'kind', d.kind) and d.currency = coalesce(filter ->> 'currency', d.currency)
      and d.period = coalesce(filter ->> 'period', d.period)
    order by r.id limit 10001
$$;
create function erp.waiting_hash(filter jsonb) returns text language sql stable as $$
    select erp.hash_of(coalesce(string_agg(erp.canonical(request_id::text, request_hash), '' order by request_id), '')) from erp.waiting_set(filter)
$$;

-- One verdict on all of a set, or on none of it.
create function erp.decide_many(by_actor text, by_method text, filter jsonb, the_verdict text, seen_hash text, why text) returns int language plpgsql security definer set search_path = pg_catalog, erp, pg_temp as $$
declare r record; became text; n int := 0;
begin
    perform 1 from erp.request q where q.id in (select request_id from erp.waiting_set(filter)) order by q.id for update;
    if erp.waiting_hash(filter) is distinct from seen_hash then perform erp.refuse('SET_MOVED', 'Other documents wait by this filter now than were seen'); end if;
    for r in select * from erp.waiting_set(filter) loop
        -- What needs two and has this one's word already waits for the other.
        continue when the_verdict = 'approve' and exists (select 1 from erp.approval a where a.request_id = r.request_id and a.actor = by_actor);
        n := n + 1;
        if n > 10000 then perform erp.refuse('SET_TOO_LARGE', 'More than 10000 documents wait by this filter'); end if;
        became := erp.decide_one(by_actor, by_method, r.request_id, the_verdict, r.request_hash, why);
        if became in ('void', 'expired') then perform erp.refuse('SET_MOVED', format('Request %s is %s', r.request_id, became)); end if;
    end loop;
    if n = 0 then perform erp.refuse('NOT_FOUND', 'No document waits by this filter'); end if;
    perform erp.write_audit(by_actor, by_method, format('post.%s_many', the_verdict), 'set/' || seen_hash, seen_hash, seen_hash, jsonb_build_object('filter', filter, 'requests', n, 'reason', why));
    return n;
end $$;

create function erp.expire_requests() returns int language plpgsql security definer set search_path = pg_catalog, erp, pg_temp as $$
declare r erp.request; n int := 0;
begin
    for r in select * from erp.request where status = 'open' and expires_at <= clock_timestamp() order by id for update skip locked loop
        update erp.request set status = 'expired' where id = r.id;
        perform erp.write_audit('streams', 'clock', format('%s.expired', r.action), 'request/' || r.id, r.hash, null, '{}');
        n := n + 1;
    end loop;
    delete from erp.people_call where at < clock_timestamp() - interval '30 days';
    return n;
end $$;

-- Calls by people's programs: the same key is the same action, answered the same.
create table erp.people_call (
    actor  erp.actor not null,
    key    text not null check (length(key) between 1 and 100),
    hash   text not null,
    status int,
    answer text,
    at     timestamptz not null default clock_timestamp(),
    primary key (actor, key)
);
create index people_call_by_age on erp.people_call (at);
create function erp.begin_call(by_actor text, by_key text, of_hash text, out status int, out answer text) language plpgsql security definer set search_path = pg_catalog, erp, pg_temp as $$
declare c erp.people_call;
begin
    insert into erp.people_call (actor, key, hash) values (by_actor, by_key, of_hash) on conflict do nothing;
    if found then return; end if;
    select * into c from erp.people_call p where p.actor = by_actor and p.key = by_key;
    if c.hash <> of_hash then perform erp.refuse('KEY_REUSED', 'The idempotency key was used for another request'); end if;
    status := c.status;
    answer := c.answer;
end $$;
create function erp.end_call(by_actor text, by_key text, with_status int, with_answer text) returns void language sql security definer set search_path = pg_catalog, erp, pg_temp as $$
    update erp.people_call set status = with_status, answer = with_answer where actor = by_actor and key = by_key
$$;

