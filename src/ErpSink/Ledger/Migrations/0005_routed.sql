-- Usage that is rated by the contract of a customer above is sent on into that one's partition and judged there.
alter table erp.tally_disposition add column routed bigint not null default 0;
