"""Debian's python3-confluent-kafka (librdkafka 2.0.2)."""
import sys
import uuid

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka import TIMESTAMP_CREATE_TIME
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic

from cells import PATIENCE, equal, report, until

BOOTSTRAP, PREFIX = sys.argv[1], sys.argv[2]
admin = AdminClient({"bootstrap.servers": BOOTSTRAP})


def quiet(error):
    """Errors that matter come back from the calls."""


def unique(what):
    return f"{PREFIX}-{what}-{uuid.uuid4().hex[:6]}"


def create(name, partitions=1, **configs):
    admin.create_topics([NewTopic(name, partitions, 1, config={"retention.ms": "-1", **configs})])[name].result(PATIENCE)
    until(lambda: len(admin.list_topics(name, PATIENCE).topics[name].partitions) == partitions, "the topic known")
    return name


def topic(partitions=1, **configs):
    return create(unique("topic"), partitions, **configs)


def producer(**configs):
    return Producer({"bootstrap.servers": BOOTSTRAP, "linger.ms": 5, "error_cb": quiet, **{k.replace("_", "."): v for k, v in configs.items()}})


def consumer(group=None, **configs):
    return Consumer({"bootstrap.servers": BOOTSTRAP, "group.id": group or unique("group"), "auto.offset.reset": "earliest", "enable.auto.commit": False,
                     "enable.partition.eof": True, "error_cb": quiet, **{k.replace("_", "."): v for k, v in configs.items()}})


def numbered(what, count):
    return [f"{what}{i}" for i in range(count)]


def send(to, values, partition=0, using=None):
    p = producer() if using is None else using
    for value in values:
        p.produce(to, value, "k", partition=partition)
    equal(0, p.flush(PATIENCE))


def fill(to, count, partition=0):
    p = producer()
    for i in range(count):
        p.produce(to, f"v{i}", f"k{i}", partition=partition, timestamp=1000 * i + 1)
    equal(0, p.flush(PATIENCE))


def read(of, offset=0, **configs):
    c = consumer(**configs)
    c.assign([TopicPartition(of, 0, offset)])
    messages = []
    while True:
        m = c.poll(PATIENCE)
        assert m is not None, f"the end of {of} was not reached"
        if m.error() and m.error().code() == KafkaError._PARTITION_EOF:
            c.close()
            return messages
        assert not m.error(), m.error()
        messages.append(m)


def values(of, **configs):
    return [m.value().decode() if m.value() is not None else None for m in read(of, **configs)]


def plain():
    t = topic()
    send(t, numbered("v", 100))
    equal(numbered("v", 100), values(t))


def compressed(codec):
    def feature():
        t = create(f"{PREFIX}-{codec}")
        lines = numbered("v" * 100, 100)
        send(t, lines, using=producer(compression_type=codec, linger_ms=100))
        equal(lines, values(t))
    return feature


def parts():
    t = topic()
    p = producer()
    p.produce(t, "value", "key", timestamp=1_600_000_000_123, headers=[("h", b"\x01\x02"), ("h", b""), ("n", None)])
    p.produce(t, None, "key")
    p.produce(t, "", None)
    p.flush(PATIENCE)
    m = read(t)
    equal([b"key", b"key", None], [x.key() for x in m])
    equal([b"value", None, b""], [x.value() for x in m])
    equal((TIMESTAMP_CREATE_TIME, 1_600_000_000_123), m[0].timestamp())
    equal([("h", b"\x01\x02"), ("h", b""), ("n", None)], m[0].headers())


def acks():
    t = topic()
    for level in ("0", "1", "all"):
        send(t, numbered("v", 10), using=producer(acks=level))
    until(lambda: len(read(t)) == 30, "30 records")


def idempotent():
    t = topic()
    send(t, numbered("v", 1000), using=producer(enable_idempotence=True, batch_num_messages=20))
    equal(numbered("v", 1000), values(t))


def large():
    wide, narrow = topic(**{"max.message.bytes": "2000000"}), topic(**{"max.message.bytes": "10000"})
    p = producer(message_max_bytes=3_000_000)
    send(wide, ["x" * 1_500_000], using=p)
    equal(["x" * 1_500_000], values(wide, fetch_message_max_bytes=3_000_000))
    errors = []
    p.produce(narrow, "x" * 20_000, on_delivery=lambda e, m: errors.append(e))
    p.flush(PATIENCE)
    equal(KafkaError.MSG_SIZE_TOO_LARGE, errors[0].code())


def positions():
    t = topic()
    fill(t, 10)
    equal(numbered("v", 10), values(t))
    equal([7, 8, 9], [m.offset() for m in read(t, 7)])
    c = consumer()
    equal(5, c.offsets_for_times([TopicPartition(t, 0, 4500)], PATIENCE)[0].offset)
    c.close()


def list_offsets():
    t = topic()
    fill(t, 10)
    c = consumer()
    equal((0, 10), c.get_watermark_offsets(TopicPartition(t, 0), PATIENCE))
    equal([3, -1], [c.offsets_for_times([TopicPartition(t, 0, at)], PATIENCE)[0].offset for at in (2500, 99999)])
    c.close()


def assigned(*members):
    for m in members:
        m.poll(0.02)
    return [len(m.assignment()) for m in members]


def join_and_leave(strategy):
    revoked = []

    def feature():
        t, group = topic(4), unique("group")
        first = consumer(group, partition_assignment_strategy=strategy)
        second = consumer(group, partition_assignment_strategy=strategy)
        first.subscribe([t], on_revoke=lambda _, partitions: revoked.extend(partitions))
        until(lambda: assigned(first) == [4], "all partitions")
        second.subscribe([t])
        until(lambda: assigned(first, second) == [2, 2], "two partitions each")
        equal(2 if strategy == "cooperative-sticky" else 4, len(revoked))
        second.close()
        until(lambda: assigned(first) == [4], "all partitions again")
        first.close()
    return feature


def static_members():
    t, group, revoked = topic(4), unique("group"), []
    first, second = consumer(group, group_instance_id="one"), consumer(group, group_instance_id="two")
    first.subscribe([t])
    second.subscribe([t], on_revoke=lambda _, partitions: revoked.extend(partitions))
    until(lambda: assigned(first, second) == [2, 2], "two partitions each")
    had = sorted(p.partition for p in first.assignment())
    revoked.clear()
    first.close()
    again = consumer(group, group_instance_id="one")
    again.subscribe([t])
    until(lambda: assigned(again, second) == [2, 2], "the same member back")
    equal(had, sorted(p.partition for p in again.assignment()))
    equal([], revoked)
    again.close()
    second.close()


def poll_record(c):
    found = []

    def reached():
        m = c.poll(0.1)
        if m is not None:
            found.append(m)
        return m is not None
    until(reached, "a record")
    return found[0]


def commits():
    t, group = topic(), unique("group")
    fill(t, 10)
    first = consumer(group)
    first.subscribe([t])
    until(lambda: poll_record(first).offset() == 4, "offset 4")
    first.commit(offsets=[TopicPartition(t, 0, 5)], asynchronous=False)
    equal(5, first.committed([TopicPartition(t, 0)], PATIENCE)[0].offset)
    first.close()
    second = consumer(group)
    second.subscribe([t])
    equal(b"v5", poll_record(second).value())
    second.close()


def reset():
    t = topic()
    fill(t, 10)
    for where, expected in (("earliest", 0), ("latest", 10)):
        c = consumer(auto_offset_reset=where)
        c.subscribe([t])
        equal(expected, poll_record(c).offset())
        c.close()
    c = consumer()
    c.assign([TopicPartition(t, 0, 1000)])
    equal(0, poll_record(c).offset())
    c.close()


def transactional(name):
    p = producer(transactional_id=name)
    p.init_transactions(PATIENCE)
    return p


def transactions():
    t = topic()
    p = transactional(t)
    for value, commit in (("first", True), ("aborted", False), ("second", True)):
        p.begin_transaction()
        send(t, numbered(value, 3), using=p)
        if commit:
            p.commit_transaction(PATIENCE)
        else:
            p.abort_transaction(PATIENCE)
    equal(numbered("first", 3) + numbered("second", 3), values(t))
    equal(9, len(values(t, isolation_level="read_uncommitted")))


def isolation():
    t = topic()
    p = transactional(t)
    p.begin_transaction()
    send(t, ["open"], using=p)
    send(t, ["behind"])
    equal([], values(t))
    equal(["open", "behind"], values(t, isolation_level="read_uncommitted"))
    p.commit_transaction(PATIENCE)
    equal(["open", "behind"], values(t))


def fencing():
    t = topic()
    older = transactional(t)
    older.begin_transaction()
    send(t, ["zombie"], using=older)
    transactional(t)
    try:
        older.commit_transaction(PATIENCE)
        raise AssertionError("the older producer committed")
    except KafkaException as e:
        equal("_FENCED", e.args[0].name())
    equal([], values(t))


def send_offsets():
    t = topic()
    fill(t, 5)
    c = consumer()
    c.subscribe([t])
    poll_record(c)
    p = transactional(t)
    for offset, commit, expected in ((3, False, -1001), (2, True, 2)):
        p.begin_transaction()
        p.send_offsets_to_transaction([TopicPartition(t, 0, offset)], c.consumer_group_metadata(), PATIENCE)
        if commit:
            p.commit_transaction(PATIENCE)
        else:
            p.abort_transaction(PATIENCE)
        equal(expected, c.committed([TopicPartition(t, 0)], PATIENCE)[0].offset)
    c.close()


def topics():
    t = topic(3)
    equal(3, len(admin.list_topics(t, PATIENCE).topics[t].partitions))
    try:
        create(t)
        raise AssertionError("the topic was made twice")
    except KafkaException as e:
        equal(KafkaError.TOPIC_ALREADY_EXISTS, e.args[0].code())
    admin.delete_topics([t])[t].result(PATIENCE)
    until(lambda: t not in admin.list_topics(timeout=PATIENCE).topics, "the topic gone")


def partitions():
    t = topic()
    admin.create_partitions([NewPartitions(t, 3)])[t].result(PATIENCE)
    until(lambda: len(admin.list_topics(t, PATIENCE).topics[t].partitions) == 3, "three partitions")
    fill(t, 1, partition=2)


def config_of(resource, name):
    return list(admin.describe_configs([resource]).values())[0].result(PATIENCE)[name].value


def configs():
    t = topic(**{"retention.ms": "12345678"})
    resource = ConfigResource(ConfigResource.Type.TOPIC, t)
    equal("12345678", config_of(resource, "retention.ms"))
    equal("delete", config_of(resource, "cleanup.policy"))
    change = ConfigResource(ConfigResource.Type.TOPIC, t, set_config={"max.message.bytes": "2000"})
    list(admin.alter_configs([change]).values())[0].result(PATIENCE)
    equal("2000", config_of(resource, "max.message.bytes"))
    equal("604800000", config_of(resource, "retention.ms"))  # what is not named goes back to its default


def groups():
    """It lists groups with their members; it cannot delete them."""
    t, group = topic(2), unique("group")
    c = consumer(group)
    c.subscribe([t])
    until(lambda: assigned(c) == [2], "the assignment")
    (found,) = admin.list_groups(group, PATIENCE)
    equal((group, "Stable", "consumer", 1), (found.id, found.state, found.protocol_type, len(found.members)))
    assert any(g.id == group for g in admin.list_groups(timeout=PATIENCE)), "the group is not listed"
    c.close()
    until(lambda: admin.list_groups(group, PATIENCE)[0].state in ("Empty", "Dead"), "the group empty")


report({
    "produce": plain, "produce gzip": compressed("gzip"), "produce snappy": compressed("snappy"), "produce lz4": compressed("lz4"),
    "produce zstd": compressed("zstd"), "keys, headers, timestamps, tombstones": parts, "acks 0, 1, all": acks, "idempotent produce": idempotent,
    "large messages, max.message.bytes": large, "consume from beginning, offset, timestamp": positions,
    "group: a member joins, one leaves": join_and_leave("range"), "group: static membership": static_members,
    "group: cooperative rebalance": join_and_leave("cooperative-sticky"), "offset commit and resume": commits, "offset reset": reset,
    "transactions: commit and abort": transactions, "read_committed and read_uncommitted": isolation, "transactions: fencing": fencing,
    "transactions: send offsets": send_offsets, "topics: create, describe, delete": topics, "create partitions": partitions,
    "configs: describe and alter": configs, "groups: list, describe, delete": groups, "list offsets": list_offsets,
})
