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
