"""Debian's python3-kafka (kafka-python 2.0.2), which knows neither idempotence nor transactions."""
import logging
import sys
import threading
import uuid

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.errors import MessageSizeTooLargeError, TopicAlreadyExistsError
from kafka.structs import OffsetAndMetadata

from cells import PATIENCE, equal, report, until

BOOTSTRAP, PREFIX = sys.argv[1], sys.argv[2]
logging.disable(logging.CRITICAL)
admin = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)


def unique(what):
    return f"{PREFIX}-{what}-{uuid.uuid4().hex[:6]}"


def create(name, partitions=1, **configs):
    admin.create_topics([NewTopic(name, partitions, 1, topic_configs={"retention.ms": "-1", **configs})])
    until(lambda: len(admin.describe_topics([name])[0]["partitions"]) == partitions, "the topic known")
    return name


def topic(partitions=1, **configs):
    return create(unique("topic"), partitions, **configs)


def numbered(what, count):
    return [f"{what}{i}" for i in range(count)]


def send(to, values, **configs):
    p = KafkaProducer(bootstrap_servers=BOOTSTRAP, linger_ms=5, **configs)
    sent = [p.send(to, value.encode(), b"k", partition=0) for value in values]
    p.flush(PATIENCE)
    for future in sent:
        future.get(PATIENCE)
    p.close()


def fill(to, count, partition=0):
    p = KafkaProducer(bootstrap_servers=BOOTSTRAP)
    for i in range(count):
        p.send(to, f"v{i}".encode(), f"k{i}".encode(), partition=partition, timestamp_ms=1000 * i + 1)
    p.flush(PATIENCE)
    p.close()


def consumer(group=None, **configs):
    return KafkaConsumer(bootstrap_servers=BOOTSTRAP, group_id=group, **{"auto_offset_reset": "earliest", "enable_auto_commit": False, **configs})


def member(group, t, **configs):
    c = consumer(group, session_timeout_ms=10000, heartbeat_interval_ms=300, metadata_max_age_ms=2000, **configs)
    c.subscribe([t])
    return c


def read(of, offset=0):
    c, partition = consumer(), TopicPartition(of, 0)
    c.assign([partition])
    c.seek(partition, offset)
    end, records = c.end_offsets([partition])[partition], []

    def reached():
        for found in c.poll(100).values():
            records.extend(found)
        return c.position(partition) >= end
    until(reached, f"the end of {of}")
    c.close()
    return records


def values(of, offset=0):
    return [r.value.decode() for r in read(of, offset)]


def plain():
    t = topic()
    send(t, numbered("v", 100))
    equal(numbered("v", 100), values(t))


def compressed(codec):
    def feature():
        t = create(f"{PREFIX}-{codec}")
        lines = numbered("v" * 100, 100)
        send(t, lines, compression_type=codec)
        equal(lines, values(t))
    return feature


def parts():
    t = topic()
    p = KafkaProducer(bootstrap_servers=BOOTSTRAP)
    p.send(t, b"value", b"key", headers=[("h", b"\x01\x02"), ("h", b"")], timestamp_ms=1_600_000_000_123)
    p.send(t, None, b"key")
    p.send(t, b"", None)
    p.flush(PATIENCE)
    r = read(t)
    equal([b"key", b"key", None], [x.key for x in r])
    equal([b"value", None, b""], [x.value for x in r])
    equal(1_600_000_000_123, r[0].timestamp)
    equal([("h", b"\x01\x02"), ("h", b"")], r[0].headers)


def acks():
    t = topic()
    for level in (0, 1, "all"):
        send(t, numbered("v", 10), acks=level)
    until(lambda: len(read(t)) == 30, "30 records")


def large():
    wide, narrow = topic(**{"max.message.bytes": "2000000"}), topic(**{"max.message.bytes": "10000"})
    send(wide, ["x" * 1_500_000], max_request_size=3_000_000)
    equal(["x" * 1_500_000], values(wide))
    try:
        send(narrow, ["x" * 20_000])
        raise AssertionError("the large message was taken")
    except MessageSizeTooLargeError:
        pass


def positions():
    t = topic()
    fill(t, 10)
    equal(numbered("v", 10), values(t))
    equal(["v7", "v8", "v9"], values(t, 7))
    c, partition = consumer(), TopicPartition(t, 0)
    found = c.offsets_for_times({partition: 4500})[partition]
    equal((5, 5001), (found.offset, found.timestamp))
    c.close()


def list_offsets():
    t = topic()
    fill(t, 10)
    c, partition = consumer(), TopicPartition(t, 0)
    equal({partition: 0}, c.beginning_offsets([partition]))
    equal({partition: 10}, c.end_offsets([partition]))
    equal({partition: None}, c.offsets_for_times({partition: 99999}))
    c.close()


def rebalance():
    """A member's poll blocks while it joins, so that each has a thread."""
    t, group = topic(4), unique("group")
    first = Poller(member(group, t))
    until(lambda: first.count() == 4, "all partitions")
    second = Poller(member(group, t))
    until(lambda: (first.count(), second.count()) == (2, 2), "two partitions each")
    second.close()
    until(lambda: first.count() == 4, "all partitions again")
    first.close()


class Poller(threading.Thread):
    def __init__(self, c):
        super().__init__(daemon=True)
        self.consumer, self.ended = c, False
        self.start()

    def run(self):
        while not self.ended:
            self.consumer.poll(50)
        self.consumer.close()

    def count(self):
        self.join(0.02)
        return len(self.consumer.assignment())

    def close(self):
        self.ended = True
        self.join(PATIENCE)


def poll_all(c, count):
    records = []

    def reached():
        for found in c.poll(100).values():
            records.extend(found)
        return len(records) >= count
    until(reached, f"{count} records")
    return records


def commits():
    t, group = topic(), unique("group")
    fill(t, 10)
    first, partition = member(group, t), TopicPartition(t, 0)
    poll_all(first, 5)
    first.commit({partition: OffsetAndMetadata(5, "note")})
    equal(5, first.committed(partition))
    equal("note", first.committed(partition, metadata=True).metadata)
    first.close()
    second = member(group, t)
    equal(b"v5", poll_all(second, 1)[0].value)
    second.close()


def reset():
    t = topic()
    fill(t, 10)
    partition = TopicPartition(t, 0)
    for where, expected in (("earliest", 0), ("latest", 10)):
        c = consumer(unique("group"), auto_offset_reset=where)
        c.assign([partition])
        equal(expected, c.position(partition))
        c.close()
    c = consumer()
    c.assign([partition])
    c.seek(partition, 1000)
    equal(0, poll_all(c, 1)[0].offset)
    c.close()


def topics():
    t = topic(3)
    (found,) = admin.describe_topics([t])
    equal((t, 3), (found["topic"], len(found["partitions"])))
    try:
        create(t)
        raise AssertionError("the topic was made twice")
    except TopicAlreadyExistsError:
        pass
    assert admin.describe_cluster()["brokers"], "no brokers"
    admin.delete_topics([t])
    until(lambda: t not in admin.list_topics(), "the topic gone")


def partitions():
    t = topic()
    admin.create_partitions({t: NewPartitions(3)})
    until(lambda: len(admin.describe_topics([t])[0]["partitions"]) == 3, "three partitions")
    fill(t, 1, partition=2)


def config_of(t, name):
    (answer,) = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, t)])
    return {entry[0]: entry[1] for entry in answer.resources[0][4]}[name]


def configs():
    t = topic(**{"retention.ms": "12345678"})
    equal("12345678", config_of(t, "retention.ms"))
    equal("delete", config_of(t, "cleanup.policy"))
    answer = admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, t, configs={"max.message.bytes": "2000"})])
    equal(0, answer.resources[0][0])
    equal("2000", config_of(t, "max.message.bytes"))
    equal("604800000", config_of(t, "retention.ms"))  # what is not named goes back to its default


def groups():
    t, group = topic(2), unique("group")
    c = Poller(member(group, t))
    until(lambda: c.count() == 2, "the assignment")
    (found,) = admin.describe_consumer_groups([group])
    equal((group, "Stable", 1), (found.group, found.state, len(found.members)))
    c.consumer.commit_async({TopicPartition(t, 0): OffsetAndMetadata(0, "")})
    c.close()
    assert (group, "consumer") in admin.list_consumer_groups(), "the group is not listed"
    equal(0, admin.list_consumer_group_offsets(group)[TopicPartition(t, 0)].offset)
    ((_, error),) = admin.delete_consumer_groups([group])
    equal(0, error.errno)
    assert group not in [g for g, _ in admin.list_consumer_groups()], "the group is still listed"


report({
    "produce": plain, "produce gzip": compressed("gzip"), "produce snappy": compressed("snappy"), "produce lz4": compressed("lz4"),
    "produce zstd": compressed("zstd"), "keys, headers, timestamps, tombstones": parts, "acks 0, 1, all": acks,
    "large messages, max.message.bytes": large, "consume from beginning, offset, timestamp": positions,
    "group: a member joins, one leaves": rebalance, "offset commit and resume": commits, "offset reset": reset,
    "topics: create, describe, delete": topics, "create partitions": partitions, "configs: describe and alter": configs,
    "groups: list, describe, delete": groups, "list offsets": list_offsets,
})
