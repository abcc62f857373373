// kafkajs: the features of ProgramClient, one line each.
'use strict';
const assert = require('node:assert');
const { randomUUID } = require('node:crypto');
const [modules, bootstrap, prefix] = process.argv.slice(2);
process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';
const { Kafka, CompressionTypes, ConfigResourceTypes, logLevel } = require(`${modules}/kafkajs`);

const patience = 30000;
const kafka = new Kafka({ clientId: 'kafkajs', brokers: [bootstrap], logLevel: logLevel.NOTHING });
const admin = kafka.admin();

const unique = what => `${prefix}-${what}-${randomUUID().slice(0, 6)}`;
const numbered = (what, count) => Array.from({ length: count }, (_, i) => `${what}${i}`);
const pause = ms => new Promise(done => setTimeout(done, ms));
const text = value => (value === null ? null : value.toString());

async function until(reached, what) {
  const deadline = Date.now() + patience;
  while (!(await reached())) {
    assert(Date.now() < deadline, `not in time: ${what}`);
    await pause(20);
  }
}

async function create(topic, partitions = 1, configs = {}) {
  const entries = Object.entries({ 'retention.ms': '-1', ...configs }).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries: entries }], waitForLeaders: true });
  return topic;
}
const newTopic = (partitions, configs) => create(unique('topic'), partitions, configs);

async function withProducer(options, use) {
  const producer = kafka.producer(options);
  await producer.connect();
  try { return await use(producer); } finally { await producer.disconnect(); }
}

const messages = values => values.map(value => ({ key: 'k', value, partition: 0 }));
const send = (topic, values, options = {}, sending = {}) => withProducer(options, p => p.send({ topic, messages: messages(values), ...sending }));
const fill = (topic, count, partition = 0) => withProducer({}, p => p.send({
  topic, messages: Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: `v${i}`, partition, timestamp: `${1000 * i + 1}` })),
}));

// A consumer that runs until stopped, with what it got and which partitions it holds.
async function member(groupId, topic, options = {}) {
  const { fromBeginning = true, seek, autoCommit = true, ...rest } = options;
  const consumer = kafka.consumer({ groupId, sessionTimeout: 10000, heartbeatInterval: 300, maxWaitTimeInMs: 200, ...rest });
  const state = { consumer, records: [], partitions: [], joins: 0, started: false, stop: async () => { await consumer.disconnect(); } };
  consumer.on(consumer.events.GROUP_JOIN, e => { state.partitions = e.payload.memberAssignment[topic] || []; state.joins++; });
  consumer.on(consumer.events.FETCH_START, () => { state.started = true; });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning });
  await consumer.run({ autoCommit, eachMessage: async ({ message }) => { state.records.push(message); } });
  if (seek !== undefined) consumer.seek({ topic, partition: 0, offset: `${seek}` });
  return state;
}

// What is in partition 0 from an offset on, once `last` is there (the end of the log is no event of this client).
async function read(topic, last, options = {}) {
  const reader = await member(unique('reader'), topic, options);
  await until(() => reader.records.length > 0 && text(reader.records.at(-1).value) === last, `record ${last}`);
  await reader.stop();
  return reader.records;
}
const values = async (topic, last, options) => (await read(topic, last, options)).map(m => text(m.value));

const features = {
  'produce': async () => {
    const topic = await newTopic();
    await send(topic, numbered('v', 100));
    assert.deepStrictEqual(await values(topic, 'v99'), numbered('v', 100));
  },
  'produce gzip': async () => {
    const topic = await create(`${prefix}-gzip`);
    await send(topic, numbered('v'.repeat(100), 100), {}, { compression: CompressionTypes.GZIP });
    assert.deepStrictEqual(await values(topic, `${'v'.repeat(100)}99`), numbered('v'.repeat(100), 100));
  },
  'keys, headers, timestamps, tombstones': async () => {
    const topic = await newTopic();
    await withProducer({}, p => p.send({
      topic, messages: [{ key: 'key', value: 'value', timestamp: '1600000000123', headers: { h: ['1', '2'], e: '' } }, { key: 'key', value: null }, { key: null, value: 'last' }],
    }));
    const found = await read(topic, 'last');
    assert.deepStrictEqual(found.map(m => text(m.key)), ['key', 'key', null]);
    assert.deepStrictEqual(found.map(m => text(m.value)), ['value', null, 'last']);
    assert.strictEqual(found[0].timestamp, '1600000000123');
    assert.deepStrictEqual([found[0].headers.h.map(text), text(found[0].headers.e)], [['1', '2'], '']);
  },
  'acks 0, 1, all': async () => {
    const topic = await newTopic();
    for (const acks of [0, 1, -1]) await send(topic, numbered(`${acks}-`, 10), {}, { acks });
    await until(async () => (await admin.fetchTopicOffsets(topic))[0].high === '30', '30 records');
  },
  'idempotent produce': async () => {
    const topic = await newTopic();
    await withProducer({ idempotent: true }, async p => {
      for (let i = 0; i < 20; i++) await p.send({ topic, messages: messages(numbered(`${i}-`, 10)), acks: -1 });
    });
    assert.strictEqual((await values(topic, '19-9')).length, 200);
  },
  'large messages, max.message.bytes': async () => {
    const [wide, narrow] = [await newTopic(1, { 'max.message.bytes': '2000000' }), await newTopic(1, { 'max.message.bytes': '10000' })];
    const large = 'x'.repeat(1500000);
    await send(wide, [large]);
    assert.strictEqual((await values(wide, large)).length, 1);
    await assert.rejects(send(narrow, ['x'.repeat(20000)], { retry: { retries: 0 } }), /larger than the max message size/);
  },
  'consume from beginning, offset, timestamp': async () => {
    const topic = await newTopic();
    await fill(topic, 10);
    assert.deepStrictEqual(await values(topic, 'v9'), numbered('v', 10));
    assert.deepStrictEqual((await values(topic, 'v9', { seek: 7 })).slice(-3), ['v7', 'v8', 'v9']);
    assert.deepStrictEqual(await admin.fetchTopicOffsetsByTimestamp(topic, 4500), [{ partition: 0, offset: '5' }]);
  },
  'group: a member joins, one leaves': async () => {
    const [topic, group] = [await newTopic(4), unique('group')];
    const first = await member(group, topic);
    await until(() => first.partitions.length === 4, 'all partitions');
    const second = await member(group, topic);
    await until(() => first.partitions.length === 2 && second.partitions.length === 2, 'two partitions each');
    await second.stop();
    await until(() => first.partitions.length === 4, 'all partitions again');
    await first.stop();
  },
  'offset commit and resume': async () => {
    const [topic, group] = [await newTopic(), unique('group')];
    await fill(topic, 10);
    const first = await member(group, topic, { autoCommit: false });
    await until(() => first.records.length === 10, 'ten records');
    await first.consumer.commitOffsets([{ topic, partition: 0, offset: '5', metadata: 'note' }]);
    await first.stop();
    const [{ partitions }] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    assert.deepStrictEqual([partitions[0].offset, partitions[0].metadata], ['5', 'note']);
    const second = await member(group, topic);
    await until(() => second.records.length > 0, 'a record');
    await second.stop();
    assert.strictEqual(text(second.records[0].value), 'v5');
  },
  'offset reset': async () => {
    const topic = await newTopic();
    await fill(topic, 10);
    assert.strictEqual((await values(topic, 'v9'))[0], 'v0');
    const latest = await member(unique('group'), topic, { fromBeginning: false });
    await until(() => latest.started, 'the first fetch');
    await send(topic, ['new']);
    await until(() => latest.records.length > 0, 'a record');
    assert.strictEqual(text(latest.records[0].value), 'new');
    await latest.stop();
    const group = unique('group');
    await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '8' }] });
    const set = await member(group, topic);
    await until(() => set.records.length === 3, 'three records');
    await set.stop();
    await admin.resetOffsets({ groupId: group, topic, earliest: true });
    const again = await member(group, topic);
    await until(() => again.records.length > 0, 'a record');
    assert.strictEqual(text(again.records[0].value), 'v0');
    await again.stop();
  },
  'transactions: commit and abort': async () => {
    const topic = await newTopic();
    await transactional(topic, async p => {
      for (const [value, commit] of [['first', true], ['aborted', false], ['second', true]]) {
        const transaction = await p.transaction();
        await transaction.send({ topic, messages: messages(numbered(value, 3)) });
        await (commit ? transaction.commit() : transaction.abort());
      }
    });
    assert.deepStrictEqual(await values(topic, 'second2'), [...numbered('first', 3), ...numbered('second', 3)]);
    assert.strictEqual((await values(topic, 'second2', { readUncommitted: true })).length, 9);
  },
  'read_committed and read_uncommitted': async () => {
    const topic = await newTopic();
    await transactional(topic, async p => {
      const transaction = await p.transaction();
      await transaction.send({ topic, messages: messages(['open']) });
      await send(topic, ['behind']);
      const committed = await member(unique('reader'), topic);
      await until(() => committed.started, 'the first fetch');
      assert.deepStrictEqual(await values(topic, 'behind', { readUncommitted: true }), ['open', 'behind']);
      assert.strictEqual(committed.records.length, 0);
      await transaction.commit();
      await until(() => committed.records.length === 2, 'both records');
      await committed.stop();
    });
  },
  'transactions: fencing': async () => {
    const topic = await newTopic();
    await transactional(topic, async older => {
      const zombie = await older.transaction();
      await zombie.send({ topic, messages: messages(['zombie']) });
      await transactional(topic, async newer => {
        const transaction = await newer.transaction();
        await assert.rejects(zombie.commit(), /epoch|fenced|newer producer|transactionalId/i);
        await transaction.send({ topic, messages: messages(['alive']) });
        await transaction.commit();
      });
    });
    assert.deepStrictEqual(await values(topic, 'alive'), ['alive']);
  },
  'transactions: send offsets': async () => {
    const [topic, group] = [await newTopic(), unique('group')];
    await fill(topic, 5);
    await transactional(topic, async p => {
      for (const [offset, commit, expected] of [['3', false, '-1'], ['2', true, '2']]) {
        const transaction = await p.transaction();
        await transaction.sendOffsets({ consumerGroupId: group, topics: [{ topic, partitions: [{ partition: 0, offset }] }] });
        await (commit ? transaction.commit() : transaction.abort());
        const [{ partitions }] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
        assert.strictEqual(partitions[0].offset, expected);
      }
    });
  },
  'topics: create, describe, delete': async () => {
    const topic = await newTopic(3);
    const { topics: [found] } = await admin.fetchTopicMetadata({ topics: [topic] });
    assert.strictEqual(found.partitions.length, 3);
    assert.strictEqual(await admin.createTopics({ topics: [{ topic }] }), false);
    assert.strictEqual((await admin.describeCluster()).brokers.length, 1);
    await admin.deleteTopics({ topics: [topic] });
    await until(async () => !(await admin.listTopics()).includes(topic), 'the topic gone');
  },
  'create partitions': async () => {
    const topic = await newTopic();
    await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    await until(async () => (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions.length === 3, 'three partitions');
    await fill(topic, 1, 2);
  },
  'configs: describe and alter': async () => {
    const topic = await newTopic(1, { 'retention.ms': '12345678' });
    const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
    const value = async name => (await admin.describeConfigs({ resources: [resource] })).resources[0].configEntries.find(e => e.configName === name).configValue;
    assert.strictEqual(await value('retention.ms'), '12345678');
    assert.strictEqual(await value('cleanup.policy'), 'delete');
    await admin.alterConfigs({ resources: [{ ...resource, configEntries: [{ name: 'max.message.bytes', value: '2000' }] }] });
    assert.strictEqual(await value('max.message.bytes'), '2000');
    assert.strictEqual(await value('retention.ms'), '604800000'); // what is not named goes back to its default
  },
  'groups: list, describe, delete': async () => {
    const [topic, group] = [await newTopic(2), unique('group')];
    await fill(topic, 1);
    const running = await member(group, topic);
    await until(() => running.records.length === 1, 'a record');
    const { groups: [found] } = await admin.describeGroups([group]);
    assert.deepStrictEqual([found.groupId, found.state, found.members.length], [group, 'Stable', 1]);
    await running.stop();
    assert((await admin.listGroups()).groups.some(g => g.groupId === group), 'the group is not listed');
    const [deleted] = await admin.deleteGroups([group]);
    assert.strictEqual(deleted.errorCode, 0);
    assert(!(await admin.listGroups()).groups.some(g => g.groupId === group), 'the group is still listed');
  },
  'delete records': async () => {
    const topic = await newTopic();
    await fill(topic, 10);
    await admin.fetchTopicOffsets(topic); // so that the client knows the leader: its deletion does not ask
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '6' }] });
    assert.strictEqual((await admin.fetchTopicOffsets(topic))[0].low, '6');
    assert.deepStrictEqual(await values(topic, 'v9'), ['v6', 'v7', 'v8', 'v9']);
  },
  'list offsets': async () => {
    const topic = await newTopic();
    await fill(topic, 10);
    const [{ low, high }] = await admin.fetchTopicOffsets(topic);
    assert.deepStrictEqual([low, high], ['0', '10']);
    assert.strictEqual((await admin.fetchTopicOffsetsByTimestamp(topic, 2500))[0].offset, '3');
  },
};

const transactional = (id, use) => withProducer({ transactionalId: id, maxInFlightRequests: 1, idempotent: true, retry: { retries: 3 } }, use);

async function report() {
  await admin.connect();
  const left = Object.entries(features);
  const worker = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [name, feature] = next;
      try {
        await feature();
        console.log(`ok\t${name}`);
      } catch (e) {
        console.log(`FAILED\t${name}\t${`${e.name}: ${e.message} ${(e.stack || '').split('\n').find(l => l.includes(__filename)) || ''}`.replace(/\s+/g, ' ').slice(0, 800)}`);
      }
    }
  };
  await Promise.all([worker(), worker(), worker()]); // mostly they wait
  await admin.disconnect();
}

report().then(() => process.exit(0), e => { console.error(e); process.exit(1); });
