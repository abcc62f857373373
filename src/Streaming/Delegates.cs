namespace Streams.Streaming;

/// <summary>Reads a record's time, in milliseconds since the epoch, from its contents. A negative one drops the record into the dead letters.</summary>
/// <param name="partitionTime">The highest time so far; -1 before the first record.</param>
public delegate long TimestampExtractor<TKey, TValue>(Record<TKey, TValue> record, long partitionTime);

/// <summary>Chooses a record's partition, 0 to <paramref name="partitions"/> - 1.</summary>
public delegate int StreamPartitioner<TKey, TValue>(in Record<TKey, TValue> record, int partitions);

/// <summary>Chooses the topic of a record; the topic must exist.</summary>
public delegate string TopicNameExtractor<TKey, TValue>(in Record<TKey, TValue> record);
