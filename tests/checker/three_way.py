#!/usr/bin/env python3
"""Holds the ERPs' journals, the posting ledger and the documents topic against one another, from outside.

It shares no code with the product: it reads JSON lines, PostgreSQL's own export, and Avro by the contract's schema. What it proves, to the cent:

  once        each document key stands at most once in each ERP
  confirmed   a posting is confirmed if and only if the ERP has the record, with the same amount, currency, party and kind
  listed      every document that is not confirmed is under way or on the work list with a reason
  topic       every document of the topic is in the ledger with the same content, and the other way round
  lines       each document's lines add up to its total
  sums        per account, entity, period and currency: planned = confirmed + listed + under way, and confirmed = the ERP's journal

Ends with 0 when all of it holds, with 1 when something does not (each on a line of its own), and with 2 when an input cannot be read.

  three_way.py --journal ACCOUNT=FILE... (--ledger FILE | --postgres CONNECTION) [--documents FILE | --bootstrap-server HOST:PORT] [--names ACCOUNT=FILE...] [--only] [--settled]
"""
import argparse
import base64
import io
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal, getcontext
from pathlib import Path

getcontext().prec = 60
UNDER_WAY = {"waiting", "planned", "claimed", "sent", "accepted", "created", "unknown"}
LISTED = {"held", "refused", "written_off"}
ZERO = Decimal(0)
CONTRACT = Path(__file__).resolve().parents[2] / "src/Schemas/Contracts/erp-document.avsc"

LEDGER_QUERY = """
select json_build_object('key', d.document_key, 'hash', d.content_hash, 'entity', d.legal_entity, 'kind', d.kind, 'customer', d.customer_id, 'period', d.period, 'currency', d.currency,
  'total', d.total::text,
  'lines', (select coalesce(sum(l.amount), 0)::text from erp.document_line l where l.document_key = d.document_key),
  'postings', (select coalesce(json_agg(json_build_object('account', p.account, 'mode', p.mode, 'state', p.state, 'erp_id', p.erp_id)), '[]'::json) from erp.posting p where p.document_key = d.document_key),
  'items', (select coalesce(json_agg(json_build_object('account', w.account, 'code', w.code, 'amount', w.amount::text, 'resolution', w.resolution) order by w.id), '[]'::json)
            from erp.work_item w where w.document_key = d.document_key and (w.resolved_at is null or w.resolution = 'written_off')))
from erp.document d order by d.document_key
"""


class Unreadable(Exception):
    """An input that cannot be read; the message names it."""


# ---- Avro binary, as far as the contract goes ---------------------------------------------------------------------------------------------------------------

class Avro:
    """Reads one value by a schema."""

    def __init__(self, schema, data):
        self.named = {}
        self.schema = schema
        self.stream = io.BytesIO(data)

    def value(self):
        result = self.read(self.schema)
        if self.stream.read(1):
            raise Unreadable("bytes are left over behind the Avro value")
        return result

    def long(self):
        shift = result = 0
        while True:
            byte = self.stream.read(1)
            if not byte:
                raise Unreadable("the Avro value ends too early")
            result |= (byte[0] & 0x7F) << shift
            if byte[0] < 0x80:
                return (result >> 1) ^ -(result & 1)
            shift += 7

    def bytes(self):
        length = self.long()
        data = self.stream.read(length)
        if length < 0 or len(data) != length:
            raise Unreadable("the Avro value ends too early")
        return data

    def read(self, schema):
        if isinstance(schema, list):
            return self.read(schema[self.long()])
        if isinstance(schema, str):
            return self.primitive(schema, {}) if schema not in self.named else self.read(self.named[schema])
        kind = schema["type"]
        if kind in ("record", "enum"):
            self.named[schema["name"]] = schema
        if kind == "record":
            return {field["name"]: self.read(field["type"]) for field in schema["fields"]}
        if kind == "enum":
            return schema["symbols"][self.long()]
        if kind == "array":
            return list(self.items(schema["items"]))
        return self.primitive(kind, schema) if isinstance(kind, str) else self.read(kind)

    def items(self, schema):
        while (count := self.long()) != 0:
            if count < 0:
                count = -count
                self.long()
            for _ in range(count):
                yield self.read(schema)

    def primitive(self, kind, schema):
        if kind in ("int", "long"):
            return self.long()
        if kind == "string":
            return self.bytes().decode("utf-8")
        if kind == "null":
            return None
        if kind == "bytes" and schema.get("logicalType") == "decimal":
            return Decimal(int.from_bytes(self.bytes(), "big", signed=True)).scaleb(-schema["scale"])
        raise Unreadable(f"the contract uses the type {kind}, which this checker does not know")


def wire(value, schema):
    """A document in the registry's wire format: a zero, four bytes of schema id, Avro."""
    if len(value) < 5 or value[0] != 0:
        raise Unreadable("not in the registry's wire format")
    return Avro(schema, value[5:]).value()


# ---- inputs ---------------------------------------------------------------------------------------------------------------------------------------------------

def json_lines(file):
    try:
        with open(file, encoding="utf-8") as text:
            lines = text.read()
    except OSError as e:
        raise Unreadable(f"{file}: {e.strerror}") from e
    # A line that a crash cut short was never acknowledged.
    for number, line in enumerate(lines[:lines.rfind("\n") + 1].split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except json.JSONDecodeError as e:
            raise Unreadable(f"{file}, line {number}: {e}") from e


def journal_records(file):
    """The records that the ERP has now. Two shapes: the common one of the simulators, and NetSuite's own of earlier journals."""
    alive = {}
    for line in json_lines(file):
        if "event" not in line and "seq" not in line:
            alive[str(line["id"]), len(alive)] = {"key": line.get("externalId"), "party": line.get("entity"), "currency": line.get("currency"), "amount": Decimal(line["total"]),
                                                  "id": str(line["id"]), "posted": True, "kind": {"invoice": "AR_INVOICE", "journalEntry": "GL_JOURNAL"}.get(line.get("type"))}
            continue
        if line["event"] == "note":
            continue
        place = (line.get("type"), str(line["id"]))
        if line["event"] == "created" and place in alive:
            place = (*place, line["seq"])
        if line["event"] == "deleted":
            alive.pop(place, None)
            continue
        alive[place] = {"key": line.get("key"), "party": line.get("party"), "currency": line.get("currency"), "amount": Decimal(line["amount"]), "id": str(line["id"]),
                        "name": full_name(line), "posted": line.get("posted", True), "kind": line.get("kind"), "number": line.get("number"), "lines": line.get("lines") or [],
                        "empty": not line.get("posted", True) and line.get("lines") == []}
    # A header without lines, never posted: no ERP can bring it into its ledger, and a look-up that sees it deletes it.
    return [r for r in alive.values() if r["key"] and not r.get("empty")]


def names(erp_id, record):
    """Whether the id that the ledger keeps is this record: by its id, its number or the key, or by the parts of an id that has several, such as company, number and year."""
    parts = erp_id.split("/")
    return erp_id in (record["id"], record.get("number"), record["key"], record.get("name")) or (len(parts) > 1 and all(part in record["id"] for part in parts))


def amount(row, record):
    """What the ERP has of a document, in the document's own sign. A journal in an ERP amounts to its turnover: its sign is on the account that its total stands on, or, where that is not named, the document's."""
    if row["kind"] != "GL_JOURNAL":
        return record["amount"]
    if record.get("totals"):
        return sum((Decimal(l["debit"]) - Decimal(l["credit"]) for l in record["lines"] if l["account"] in record["totals"]), ZERO)
    return -record["amount"] if Decimal(row["total"]) < 0 < record["amount"] else record["amount"]


def full_name(line):
    """Company code, number and fiscal year, by which SAP names a document; None elsewhere."""
    year = (line.get("fields") or {}).get("fiscalYear")
    return f"{line.get('company')}/{line.get('number')}/{year}" if year else None


def renamed(records, file):
    """The ERP's own names of currencies and parties as the product's: {"currency": {"1": "USD"}, "party": {...}}; "totals": the accounts that the totals of journals stand on."""
    names = json.loads(Path(file).read_text(encoding="utf-8"))
    return [{**r, "totals": names.get("totals"), "currency": names.get("currency", {}).get(r["currency"], r["currency"]), "party": names.get("party", {}).get(r["party"], r["party"])} for r in records]


def connection_arguments(text):
    """psql's environment from a connection string in Npgsql's form or a libpq one."""
    if "://" in text or re.match(r"^\s*(host|dbname|port|user)=", text):
        return {}, ["-d", text]
    names = {"host": "PGHOST", "port": "PGPORT", "username": "PGUSER", "password": "PGPASSWORD", "database": "PGDATABASE"}
    pairs = (part.split("=", 1) for part in text.split(";") if "=" in part)
    return {names[k.strip().lower()]: v.strip() for k, v in pairs if k.strip().lower() in names}, []


def ledger_rows(args):
    if args.ledger:
        return list(json_lines(args.ledger))
    environment, arguments = connection_arguments(args.postgres)
    try:
        run = subprocess.run(["psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", LEDGER_QUERY, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise Unreadable(f"psql: {e}") from e
    if run.returncode != 0:
        raise Unreadable(f"psql: {run.stderr.strip()}")
    return [json.loads(line) for line in run.stdout.split("\n") if line.strip()]


def kcat_records(args):
    command = ["kcat", "-C", "-b", args.bootstrap_server, "-t", args.topic, "-o", "beginning", "-e", "-q", "-X", "isolation.level=read_committed", "-f", "%p %o %S\n%s"]
    for setting in args.setting:
        command += ["-X", setting]
    try:
        run = subprocess.run(command, capture_output=True, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise Unreadable(f"kcat: {e}") from e
    if run.returncode != 0:
        raise Unreadable(f"kcat: {run.stderr.decode(errors='replace').strip()}")
    stream = io.BytesIO(run.stdout)
    while head := stream.readline():
        partition, offset, size = (int(n) for n in head.split())
        yield f"{args.topic} {partition} {offset}", stream.read(size) if size > 0 else b""


def topic_documents(args):
    """Key to document, the first of each key; what is no document is passed over: it is on the ledger's work list."""
    if not args.documents and not args.bootstrap_server:
        return None
    schema = json.loads(CONTRACT.read_text(encoding="utf-8"))
    records = ((f"{r.get('partition')} {r.get('offset')}", base64.b64decode(r["value"])) for r in json_lines(args.documents)) if args.documents else kcat_records(args)
    documents = {}
    for _, value in records:
        try:
            document = wire(value, schema)
        except (Unreadable, UnicodeDecodeError, IndexError):
            continue
        documents.setdefault(document["document_key"], document)
    return documents


# ---- the proof ------------------------------------------------------------------------------------------------------------------------------------------------

class Proof:
    def __init__(self, settled):
        self.settled = settled
        self.faults = []
        self.sums = defaultdict(lambda: defaultdict(Decimal))

    def fault(self, rule, text):
        self.faults.append(f"{rule}: {text}")

    def journal(self, account, records):
        by_key = defaultdict(list)
        for record in records:
            by_key[record["key"]].append(record)
        for key, same in sorted(by_key.items()):
            if len(same) > 1:
                self.fault("once", f"{account} has document {key} {len(same)} times: {', '.join(r['id'] for r in same)}")
        return {key: same[0] for key, same in by_key.items()}

    def document(self, row, journals):
        if Decimal(row["lines"]) != Decimal(row["total"]):
            self.fault("lines", f"document {row['key']}: its lines add up to {row['lines']}, its total is {row['total']}")
        posts = [p for p in row["postings"] if p["mode"] == "post"]
        if not posts:
            self.fault("listed", f"document {row['key']} goes to no account")
        for posting in posts:
            self.posting(row, posting, journals.get(posting["account"]))

    def posting(self, row, posting, journal):
        # What is credited or paid is stated in positive amounts and lessens what is receivable.
        sign = -1 if row["kind"] in ("CREDIT_MEMO", "RECEIPT") else 1
        key, account, total = row["key"], posting["account"], sign * Decimal(row["total"])
        sums = self.sums[account, row["entity"], row["period"], row["currency"]]
        sums["planned"] += sign * Decimal(row["lines"])
        if journal is None:
            self.fault("confirmed", f"document {key}: there is no journal of {account}")
            return
        record = journal.pop(key, None)
        if posting["state"] == "confirmed":
            sums["confirmed"] += total
            if record is None:
                self.fault("confirmed", f"document {key} is confirmed, and {account} does not have it")
            else:
                sums["journal"] += sign * amount(row, record)
                self.same(row, posting, record)
            return
        items = [i for i in row["items"] if i["account"] == account and i["code"] != "CONTENT_CONFLICT"]
        if posting["state"] in UNDER_WAY:
            sums["under way"] += total
            if self.settled:
                self.fault("listed", f"document {key} is still {posting['state']} in {account}")
        elif posting["state"] in LISTED and items:
            sums["listed"] += Decimal(items[-1]["amount"])
        else:
            self.fault("listed", f"document {key} is {posting['state']} in {account} and on no list")
        # What has been sent may be in the ERP before the ledger says so; what was refused or never sent may not, unless the list says that the ERP has another content.
        if record is not None and posting["state"] not in ("sent", "accepted", "created", "unknown", "claimed") and not any(i["code"] in ("ERP_CONFLICT", "FOUND_TWICE", "ERP_DUPLICATE") for i in items):
            self.fault("confirmed", f"document {key} is {posting['state']} in the ledger, and {account} has it as {record['id']}")

    def same(self, row, posting, record):
        for name, ours, theirs in (("amount", Decimal(row["total"]), amount(row, record)), ("currency", row["currency"], record["currency"]), ("kind", row["kind"], record["kind"])):
            if theirs is not None and ours != theirs:
                self.fault("confirmed", f"document {row['key']}: its {name} is {ours} in the ledger and {theirs} in {posting['account']}")
        # Journals have no party of their own in most ERPs.
        if row["kind"] != "GL_JOURNAL" and record["party"] is not None and row["customer"] != record["party"]:
            self.fault("confirmed", f"document {row['key']}: its party is {row['customer']} in the ledger and {record['party']} in {posting['account']}")
        if not record["posted"]:
            self.fault("confirmed", f"document {row['key']} is confirmed, and not posted in {posting['account']}")
        if posting["erp_id"] is not None and not names(posting["erp_id"], record):
            self.fault("confirmed", f"document {row['key']} was confirmed as {posting['erp_id']} and is {record['id']} in {posting['account']}")

    def topic(self, rows, documents):
        ledger = {row["key"]: row for row in rows}
        for key, document in sorted(documents.items()):
            row = ledger.pop(key, None)
            if row is None:
                self.fault("topic", f"document {key} is on the topic and not in the ledger")
                continue
            if sum((line["amount"] for line in document["lines"]), ZERO) != document["total"]:
                self.fault("topic", f"document {key}: the lines on the topic do not add up to {document['total']}")
            for name, here, there in (("content hash", row["hash"], document["content_hash"]), ("total", Decimal(row["total"]), document["total"]), ("currency", row["currency"], document["currency"]),
                                      ("customer", row["customer"], document["customer_id"]), ("period", row["period"], document["period"])):
                if here != there:
                    self.fault("topic", f"document {key}: its {name} is {here} in the ledger and {there} on the topic")
        for key in sorted(ledger):
            self.fault("topic", f"document {key} is in the ledger and not on the topic")

    def totals(self):
        for place, sums in sorted(self.sums.items()):
            if sums["planned"] != sums["confirmed"] + sums["listed"] + sums["under way"]:
                self.fault("sums", f"{'/'.join(place)}: planned {sums['planned']}, confirmed {sums['confirmed']}, listed {sums['listed']}, under way {sums['under way']}")
            if sums["confirmed"] != sums["journal"]:
                self.fault("sums", f"{'/'.join(place)}: confirmed {sums['confirmed']}, in the ERP's journal {sums['journal']}")


def check(args):
    journals = defaultdict(list)
    for pair in args.journal:
        account, _, file = pair.partition("=")
        if not file:
            raise Unreadable(f"--journal {pair}: expected ACCOUNT=FILE")
        journals[account] += journal_records(file)
    for pair in args.names:
        account, _, file = pair.partition("=")
        journals[account] = renamed(journals[account], file)
    rows = ledger_rows(args)
    if args.only:
        rows = [row for row in ({**row, "postings": [p for p in row["postings"] if p["account"] in journals]} for row in rows) if row["postings"]]
    documents = topic_documents(args)
    proof = Proof(args.settled)
    kept = {account: proof.journal(account, records) for account, records in journals.items()}
    for row in rows:
        proof.document(row, kept)
    for account, left in sorted(kept.items()):
        for key in sorted(left):
            proof.fault("confirmed", f"{account} has document {key}, which the ledger does not know there")
    if documents is not None:
        proof.topic(rows, documents)
    proof.totals()
    for fault in proof.faults:
        print(fault)
    for place, sums in sorted(proof.sums.items()):
        print(f"{'/'.join(place)}: planned {sums['planned']:f} = confirmed {sums['confirmed']:f} + listed {sums['listed']:f} + under way {sums['under way']:f}; journal {sums['journal']:f}")
    topic = "" if documents is None else f", {len(documents)} on the topic"
    print(f"{len(rows)} documents in the ledger{topic}, {sum(len(r) for r in journals.values())} records in {len(journals)} ERPs: {len(proof.faults)} faults")
    return 1 if proof.faults else 0


def main():
    parser = argparse.ArgumentParser(description="Holds the ERPs' journals, the ledger and the documents topic against one another.")
    parser.add_argument("--journal", action="append", default=[], metavar="ACCOUNT=FILE", help="an ERP's journal, JSON lines (repeatable)")
    parser.add_argument("--names", action="append", default=[], metavar="ACCOUNT=FILE", help="what the ERP calls currencies and parties, as JSON (repeatable)")
    ledger = parser.add_mutually_exclusive_group(required=True)
    ledger.add_argument("--ledger", help="the ledger as JSON lines, one document each")
    ledger.add_argument("--postgres", help="connection string of the ledger; read by psql")
    parser.add_argument("--documents", help="records of the documents topic as JSON lines with partition, offset and value (base64)")
    parser.add_argument("--bootstrap-server", help="Kafka; the documents topic is read by kcat")
    parser.add_argument("--topic", default="erp.documents")
    parser.add_argument("--setting", action="append", default=[], metavar="KEY=VALUE", help="a client setting for kcat (repeatable)")
    parser.add_argument("--only", action="store_true", help="only documents that go to the accounts whose journals are given")
    parser.add_argument("--settled", action="store_true", help="nothing may be under way any more")
    args = parser.parse_args()
    try:
        return check(args)
    except (Unreadable, OSError, KeyError, ArithmeticError, ValueError) as e:
        print(f"three_way: {type(e).__name__}: {e}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
