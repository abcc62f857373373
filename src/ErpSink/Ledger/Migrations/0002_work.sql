-- How postings are worked on. A document on its way writes its posting three times: on a call, made, confirmed. A claim is a lock of the transaction that writes the call, and what a call
-- came to and the call that follows are one write. Each step is one function, one round trip, with the planner held to the indexes: a table that was filled a moment ago has no statistics,
-- and any other plan reads the whole of it for each call.

-- Whether what has to be in the ERP before a posting is there: the earlier revisions of its series, and what a receipt pays.
create function erp.is_its_turn(p erp.posting) returns boolean language sql stable as $$
    select not exists (
        select 1 from erp.document d join erp.document e using (tenant, legal_entity, customer_id, contract_id, period, currency) join erp.posting q on q.document_key = e.document_key
        where d.document_key = p.document_key and e.revision < d.revision and q.account = p.account and q.state not in ('confirmed', 'compared', 'written_off'))
    and (p.kind <> 'RECEIPT' or not exists (
        select 1 from erp.document_line l join erp.posting q on q.document_key = l.meter
        where l.document_key = p.document_key and q.account = p.account and q.state not in ('confirmed', 'compared', 'written_off')))
$$;

-- Whether a posting is to be worked on now. Without a query or a clock of its own it becomes part of the query that asks.
create function erp.is_due(p erp.posting, now_at timestamptz) returns boolean language sql stable as $$
    select (p.claimed_until is null or p.claimed_until < now_at) and (p.state <> 'planned' or (p.revision = 1 and p.kind <> 'RECEIPT') or erp.is_its_turn(p))
$$;

-- Where the most urgent due posting stands in the index posting_due; null when nothing is due. What was claimed leaves its entries there until they are vacuumed: with a million
-- documents posted today, a walk from the beginning passes a million of them. So the caller tells how far it was before, and only once a second the walk begins at the beginning,
-- for what was put back in between; or when the clock was set back. What is more urgent than the last posting is always seen.
create function erp.urgency(for_account text, last_priority int, last_time timestamptz, walked_at timestamptz, out priority smallint, out due_at timestamptz, out walked timestamptz)
language plpgsql stable set enable_sort = off set enable_bitmapscan = off set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare
    now_at timestamptz := clock_timestamp();
    anew boolean := last_priority is null or walked_at not between now_at - interval '1 second' and now_at;
    lowest int[] := case when anew then '{-32768}' else array[last_priority + 1, last_priority, -32768] end;
    highest int[] := case when anew then '{32767}' else array[32767, last_priority, last_priority - 1] end;
    since timestamptz[] := case when anew then '{-infinity}' else array['-infinity', last_time, '-infinity'] end;
begin
    walked := case when anew then now_at else walked_at end;
    for i in 1 .. cardinality(lowest) loop
        select p.priority, p.next_try_at into priority, due_at from erp.posting p
        where p.account = for_account and p.state in ('planned', 'unknown', 'accepted', 'created', 'comparing') and p.priority >= lowest[i] and p.priority <= highest[i]
          and p.next_try_at >= since[i] and p.next_try_at <= now_at and erp.is_due(p, now_at)
        order by p.priority desc, p.next_try_at, p.document_key limit 1;
        exit when found;
    end loop;
end $$;

-- Claims due postings for one call: the most urgent one from this place on, and others in its state, of its kind where calls must not mix kinds, and as few as it was split to.
-- They are the transaction's until it writes their call or ends; one that stops in between is ended by the server. A job of the ERP that has not ended in its time is not named any
-- more: what it was to make is looked for by its key.
create function erp.claim(for_account text, most int, most_looked_up int, same_kind boolean, from_priority int, from_time timestamptz, job_patience interval) returns table
    (document_key text, state text, content bytea, attempts int, absences int, erp_id text, job text, posting_date date, split int, finished boolean, age interval)
language plpgsql set enable_sort = off set enable_bitmapscan = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare now_at timestamptz := clock_timestamp(); first erp.posting; lowest int := from_priority; highest int := from_priority; since timestamptz := from_time; claimed int; rest int;
begin
    perform set_config('idle_in_transaction_session_timeout', '30s', true);
    for i in 1 .. 2 loop
        select * into first from erp.posting p
        where p.account = for_account and p.state in ('planned', 'unknown', 'accepted', 'created', 'comparing') and p.priority >= lowest and p.priority <= highest
          and p.next_try_at >= since and p.next_try_at <= now_at and erp.is_due(p, now_at)
        order by p.priority desc, p.next_try_at, p.document_key limit 1 for update skip locked;
        exit when found;
        lowest := -32768; highest := from_priority - 1; since := '-infinity';
    end loop;
    if first.document_key is null then return; end if;
    lowest := first.priority; highest := first.priority; since := first.next_try_at;
    -- Journals are compared line by line: more of them would be more requests in one look-up.
    rest := least(case when first.state = 'planned' or first.outcome is not distinct from 'unposted' or first.kind = 'GL_JOURNAL' then most else most_looked_up end, first.split);
    for i in 1 .. 2 loop
        return query
            select p.document_key, p.state, d.content, p.attempts, p.absences, p.erp_id,
                   case when p.state = 'accepted' and p.changed_at < now_at - job_patience then null else p.job end, p.posting_date, p.split, p.outcome is not distinct from 'unposted', now_at - p.changed_at
            from erp.posting p join erp.document d using (document_key)
            where p.account = for_account and p.state in ('planned', 'unknown', 'accepted', 'created', 'comparing') and p.priority >= lowest and p.priority <= highest
              and p.next_try_at >= since and p.next_try_at <= now_at and erp.is_due(p, now_at)
              and p.state = first.state and (p.kind = first.kind or not same_kind) and p.split is not distinct from first.split
              and (p.outcome is not distinct from 'unposted') = (first.outcome is not distinct from 'unposted')
            order by p.priority desc, p.next_try_at, p.document_key limit rest for update of p skip locked;
        get diagnostics claimed = row_count;
        rest := rest - claimed;
        exit when rest = 0;
        lowest := -32768; highest := first.priority - 1; since := '-infinity';
    end loop;
end $$;

-- A call's row. Numbers of calls only grow: one that was given out before is a ledger that was put back under the caller, and nothing is sent on its word.
create function erp.open_call(for_account text, the_call text, for_instance text, count int, seen bigint) returns bigint language plpgsql as $$
declare made bigint;
begin
    insert into erp.call (account, call, instance, documents) values (for_account, the_call, for_instance, count) returning id into made;
    if made <= seen then raise exception 'call % was given out after call %', made, seen using errcode = 'ER012'; end if;
    return made;
end $$;

-- Writes a call of claimed postings ahead of making it, and the claim with it; what is posted becomes sent.
create function erp.begin_call(for_account text, the_call text, for_instance text, lease interval, seen bigint, keys text[]) returns bigint
language plpgsql set enable_bitmapscan = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
declare made bigint := erp.open_call(for_account, the_call, for_instance, cardinality(keys), seen);
begin
    update erp.posting
    set state = case the_call when 'post' then 'sent' else state end, outcome = case the_call when 'post' then null else outcome end, call_id = made,
        attempts = attempts + case the_call when 'post' then 1 else 0 end, absences = case the_call when 'post' then 0 else absences end,
        claimed_by = for_instance, claimed_until = clock_timestamp() + lease
    where document_key = any(keys) and account = for_account;
    return made;
end $$;

-- Ends a call with what became of each document: attempts, states, receipts, what people have to see. What is kept goes on at once into the next call, on record in the same write:
-- its number, and the documents that are still in this instance's hands.
create function erp.settle(for_account text, for_instance text, ended bigint, next_call text, seen bigint, receipts_topic text, keys text[], outcomes text[], statuses int[], codes text[],
    details text[], erp_ids text[], states text[], jobs text[], dates date[], looked int[], uncounted boolean[], splits int[], moves date[], mappings text[], delays interval[],
    keeps boolean[], opens boolean[], receipts bytea[], out next_id bigint, out held text[])
language plpgsql set enable_bitmapscan = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan as $$
declare confirmed text[];
begin
    if ended is not null then
        update erp.call set finished_at = clock_timestamp() where id = ended and finished_at is null;
        insert into erp.attempt (call_id, document_key, account, outcome, http_status, code, detail, erp_id)
        select ended, a.key, for_account, a.outcome, a.status, a.code, a.detail, a.erp_id
        from unnest(keys, outcomes, statuses, codes, details, erp_ids) as a (key, outcome, status, code, detail, erp_id);
    end if;
    if next_call is not null then next_id := erp.open_call(for_account, next_call, for_instance, (select count(*)::int from unnest(keeps) k where k), seen); end if;
    with s as (
        select * from unnest(keys, states, outcomes, codes, details, erp_ids, jobs, dates, looked, uncounted, splits, moves, mappings, delays, keeps, opens, receipts)
            as s (key, state, outcome, code, detail, erp_id, job, posted_on, absences, uncounted, split, posting_date, mapping, delay, keeps, opens, receipt)),
    moved as (
        -- What goes on in the same hands keeps its claim; the rest gives it up.
        update erp.posting p
        set state = s.state, outcome = s.outcome, reason = s.code, erp_id = coalesce(s.erp_id, p.erp_id), job = coalesce(s.job, p.job), posted_on = coalesce(s.posted_on, p.posted_on),
            absences = s.absences, attempts = p.attempts - case when s.uncounted then 1 else 0 end, split = coalesce(s.split, p.split),
            posting_date = coalesce(s.posting_date, p.posting_date), mapping = coalesce(s.mapping, p.mapping), next_try_at = clock_timestamp() + s.delay,
            claimed_by = case when s.keeps then p.claimed_by end, claimed_until = case when s.keeps then p.claimed_until end,
            call_id = case when s.keeps and p.claimed_until > clock_timestamp() then coalesce(next_id, p.call_id) else p.call_id end
        from s
        where p.document_key = s.key and p.account = for_account and p.claimed_by = for_instance and p.state in ('claimed', 'sent', 'unknown', 'accepted', 'created', 'comparing')
        returning p.document_key, p.state, p.call_id, s.code, s.outcome, s.detail, s.opens, s.receipt),
    published as (
        insert into erp.outbox (topic, key, value, encoded) select receipts_topic, convert_to(m.document_key, 'UTF8'), m.receipt, false from moved m where m.receipt is not null),
    listed as (
        insert into erp.work_item (code, detail, document_key, account, customer_id, amount, currency, source_topic, source_partition, source_offset)
        select coalesce(m.code, m.outcome), coalesce(m.detail, ''), d.document_key, for_account, d.customer_id, d.balance, d.currency, d.source_topic, d.source_partition, d.source_offset
        from moved m join erp.document d using (document_key) where m.opens on conflict do nothing)
    select coalesce(array_agg(m.document_key) filter (where m.call_id = next_id), '{}'), array_agg(m.document_key) filter (where m.state = 'confirmed') into held, confirmed from moved m;
    -- Troubles that are over. The guard of work items asks whether the posting is confirmed, so that this comes behind it.
    update erp.work_item set resolved_at = clock_timestamp(), resolution = 'confirmed'
    where document_key = any(confirmed) and account = for_account and resolved_at is null and code <> 'CONTENT_CONFLICT';
end $$;

-- Takes back what a dead instance had in hand, the caller's own former life included when asked for: what was only claimed is planned again, what may have been sent is unknown.
create function erp.recover(for_account text, for_instance text, own boolean, settle_delay interval, out planned int, out unknown int)
language plpgsql set enable_bitmapscan = off set enable_seqscan = off set plan_cache_mode = force_generic_plan as $$
declare now_at timestamptz := clock_timestamp(); until timestamptz := case when own then 'infinity' else now_at end;
begin
    update erp.posting p set state = 'planned', claimed_by = null, claimed_until = null
    where p.account = for_account and p.state = 'claimed' and p.claimed_until < until and (p.claimed_until < now_at or p.claimed_by = for_instance);
    get diagnostics planned = row_count;
    update erp.posting p set state = 'unknown', outcome = 'unknown', reason = 'NO_OUTCOME', absences = 0, claimed_by = null, claimed_until = null, next_try_at = now_at + settle_delay
    where p.account = for_account and p.state = 'sent' and p.claimed_until < until and (p.claimed_until < now_at or p.claimed_by = for_instance);
    get diagnostics unknown = row_count;
    if own then
        update erp.posting p set claimed_by = null, claimed_until = null
        where p.account = for_account and p.state in ('unknown', 'accepted', 'created', 'comparing') and p.claimed_by = for_instance;
    end if;
end $$;
