using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>
/// Fetch 4–16. Every answer is sessionless (session id 0), which clients take as "ask in full again". Topics are named by id from version 13 on.
/// There is one replica and one leader epoch, 0; preferred replicas and diverging epochs do not occur.
/// </summary>
internal static class Fetch
{
    public static readonly ApiDefinition Definition = new(ApiKey.Fetch, 4, 16, 12, Handle);

    private static async Task Handle(Request request)
    {
        var query = FetchQuery.Parse(request);
        var read = FetchRead.Of(request.Node, query);
        if (!read.IsEnough && query.MaxWaitMs > 0) read = await WaitAsync(request, query);
        Write(request, query, read);
    }

    private static async Task<FetchRead> WaitAsync(Request request, FetchQuery query)
    {
        using var waiter = new Waiter();
        var logs = query.Topics.SelectMany(t => t.Partitions.Select(p => t.Topic?.Find(p.Index))).OfType<PartitionLog>().Distinct().ToList();
        foreach (var log in logs) log.AddWaiter(waiter);
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(query.MaxWaitMs), request.Node.Options.TimeProvider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, request.Stopping);
            while (true)
            {
                var read = FetchRead.Of(request.Node, query);
                if (read.IsEnough || !await waiter.WaitAsync(either.Token)) return read;
            }
        }
        finally
        {
            foreach (var log in logs) log.RemoveWaiter(waiter);
        }
    }

    private static void Write(Request request, FetchQuery query, FetchRead read)
    {
        var (response, version) = (request.Response, request.Version);
        response.WriteInt32(0);
        if (version >= 7)
        {
            response.WriteError(ErrorCode.None);
            response.WriteInt32(0);
        }
        var results = read.Partitions.GetEnumerator();
        response.WriteArrayLength(query.Topics.Count);
        foreach (var topic in query.Topics)
        {
            if (version >= 13) response.WriteUuid(topic.Id);
            else response.WriteString(topic.Name);
            response.WriteArrayLength(topic.Partitions.Count);
            foreach (var wanted in topic.Partitions)
            {
                results.MoveNext();
                WritePartition(request, wanted, results.Current);
                response.WriteTags();
            }
            response.WriteTags();
        }
        response.WriteTags();
    }

    private static void WritePartition(Request request, WantedPartition wanted, PartitionRead read)
    {
        var (response, version) = (request.Response, request.Version);
        response.WriteInt32(wanted.Index);
        response.WriteError(read.Error);
        response.WriteInt64(read.HighWatermark);
        response.WriteInt64(read.LastStableOffset);
        if (version >= 5) response.WriteInt64(read.LogStartOffset);
        WriteAborted(response, read.Aborted);
        if (version >= 11) response.WriteInt32(-1);
        response.WriteBytesLength(read.Slice.Length);
        if (read.Slice.Segment is { } segment) request.Answer.Append(segment.File, read.Slice.Position, read.Slice.Length);
    }

    private static void WriteAborted(ProtocolWriter response, IReadOnlyCollection<AbortedTransaction> aborted)
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
        private readonly SemaphoreSlim _woken = new(0, 1);

        public void Wake()
        {
            lock (_woken)
            {
                if (_woken.CurrentCount == 0) _woken.Release();
            }
        }

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
