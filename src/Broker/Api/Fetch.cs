using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>Fetch 4–12, always sessionless (session id 0). Version 13 and its topic ids are not served.</summary>
internal static class Fetch
{
    public static readonly ApiDefinition Definition = new(ApiKey.Fetch, 4, 12, 12, Handle);

    private sealed record Wanted(string Topic, int Partition, long Offset, int MaxBytes);

    private sealed record Query(int MaxWaitMs, int MinBytes, int MaxBytes, bool CommittedOnly, List<(string Topic, List<Wanted> Partitions)> Topics);

    private static async Task Handle(Request request)
    {
        var query = Parse(request);
        var node = request.Node;
        if (query.MaxWaitMs > 0 && !IsReady(node, query)) await WaitAsync(request, query);
        Write(request, query);
    }

    private static async Task WaitAsync(Request request, Query query)
    {
        using var waiter = new Waiter();
        var logs = query.Topics.SelectMany(t => t.Partitions).Select(w => request.Node.Find(w.Topic, w.Partition)).OfType<PartitionLog>().Distinct().ToList();
        foreach (var log in logs) log.AddWaiter(waiter);
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(query.MaxWaitMs), request.Node.Options.TimeProvider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, request.Stopping);
            while (!IsReady(request.Node, query) && await waiter.WaitAsync(either.Token))
            {
            }
        }
        finally
        {
            foreach (var log in logs) log.RemoveWaiter(waiter);
        }
    }

    /// <summary>Whether enough can be read, or there is an error to tell. The size is estimated up to the least that is asked for.</summary>
    private static bool IsReady(Node node, Query query)
    {
        long bytes = 0;
        foreach (var (_, partitions) in query.Topics)
        {
            foreach (var wanted in partitions)
            {
                if (node.Find(wanted.Topic, wanted.Partition) is not { } log || ErrorOf(log, wanted.Offset) != ErrorCode.None) return true;
                bytes += log.Slice(wanted.Offset, log.EndFor(query.CommittedOnly), Math.Max(1, query.MinBytes), atLeastOne: true).Length;
                if (bytes >= query.MinBytes) return true;
            }
        }
        return query.Topics.Count == 0 && query.MinBytes == 0;
    }

    private static ErrorCode ErrorOf(PartitionLog log, long offset)
    {
        if (log.IsDamaged) return ErrorCode.KafkaStorageError;
        return offset < log.LogStartOffset || offset > log.LogEndOffset ? ErrorCode.OffsetOutOfRange : ErrorCode.None;
    }

    private static Query Parse(Request request)
    {
        var reader = request.Read();
        var version = request.Version;
        reader.ReadInt32();
        var (maxWait, minBytes, maxBytes) = (reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32());
        var committedOnly = reader.ReadInt8() == 1;
        if (version >= 7) _ = (reader.ReadInt32(), reader.ReadInt32());
        var topics = new List<(string, List<Wanted>)>();
        for (var t = reader.ReadArrayLength(); t > 0; t--)
        {
            var name = reader.ReadString();
            var partitions = new List<Wanted>();
            for (var p = reader.ReadArrayLength(16); p > 0; p--)
            {
                var index = reader.ReadInt32();
                if (version >= 9) reader.ReadInt32();
                var offset = reader.ReadInt64();
                if (version >= 12) reader.ReadInt32();
                if (version >= 5) reader.ReadInt64();
                partitions.Add(new Wanted(name, index, offset, reader.ReadInt32()));
                reader.SkipTags();
            }
            reader.SkipTags();
            topics.Add((name, partitions));
        }
        return new Query(maxWait, minBytes, maxBytes, committedOnly, topics);
    }

    private static void Write(Request request, Query query)
    {
        var (response, version) = (request.Response, request.Version);
        response.WriteInt32(0);
        if (version >= 7)
        {
            response.WriteError(ErrorCode.None);
            response.WriteInt32(0);
        }
        var left = query.MaxBytes;
        response.WriteArrayLength(query.Topics.Count);
        foreach (var (topic, partitions) in query.Topics)
        {
            response.WriteString(topic);
            response.WriteArrayLength(partitions.Count);
            foreach (var wanted in partitions)
            {
                left -= WritePartition(request, query, wanted, Math.Max(0, left), left == query.MaxBytes);
                response.WriteTags();
            }
            response.WriteTags();
        }
        response.WriteTags();
    }

    private static int WritePartition(Request request, Query query, Wanted wanted, int left, bool first)
    {
        var (response, version) = (request.Response, request.Version);
        var log = request.Node.Find(wanted.Topic, wanted.Partition);
        var error = log is null ? ErrorCode.UnknownTopicOrPartition : ErrorOf(log, wanted.Offset);
        var stable = log?.LastStableOffset ?? -1;
        var end = error != ErrorCode.None ? -1 : query.CommittedOnly ? stable : log!.HighWatermark;
        var slice = error == ErrorCode.None ? log!.Slice(wanted.Offset, end, Math.Min(wanted.MaxBytes, left), first) : default;
        response.WriteInt32(wanted.Partition);
        response.WriteError(error);
        response.WriteInt64(log?.HighWatermark ?? -1);
        response.WriteInt64(stable);
        if (version >= 5) response.WriteInt64(log?.LogStartOffset ?? -1);
        WriteAborted(response, query.CommittedOnly && slice.Length > 0 ? log!.AbortedBetween(wanted.Offset, slice.EndOffset) : []);
        if (version >= 11) response.WriteInt32(-1);
        response.WriteBytesLength(slice.Length);
        if (slice.Segment is { } segment && segment.File.Read(response.Reserve(slice.Length), slice.Position) != slice.Length)
            throw new InvalidDataException($"{segment.Path} is shorter than what was written to it");
        return slice.Length;
    }

    private static void WriteAborted(ProtocolWriter response, List<AbortedTransaction> aborted)
    {
        response.WriteArrayLength(aborted.Count);
        foreach (var transaction in aborted)
        {
            response.WriteInt64(transaction.ProducerId);
            response.WriteInt64(transaction.FirstOffset);
            response.WriteTags();
        }
    }

    /// <summary>A fetch that waits on its partitions; a timer, not a thread.</summary>
    private sealed class Waiter : IFetchWaiter, IDisposable
    {
        private readonly SemaphoreSlim _woken = new(0);

        public void Wake() => _woken.Release();

        public async Task<bool> WaitAsync(CancellationToken until)
        {
            try
            {
                await _woken.WaitAsync(until);
                return true;
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }

        // Not the semaphore: a flush may hold this waiter still when it wakes its list.
        public void Dispose() => Wake();
    }
}
