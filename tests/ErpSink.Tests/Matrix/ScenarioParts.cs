using Streams.ErpSink.Posting;
using Streams.ErpSink.Publishing;

namespace Streams.ErpSink.Tests.Matrix;

/// <summary>What was published, by the keys of the records.</summary>
sealed class Published : IRecordPublisher
{
    readonly HashSet<string> _keys = [];

    public IReadOnlySet<string> Keys => _keys;

    public Task PublishAsync(IReadOnlyList<OutgoingRecord> records, CancellationToken cancel)
    {
        foreach (var record in records.Where(r => r.Key is not null)) _keys.Add(System.Text.Encoding.UTF8.GetString(record.Key!));
        return Task.CompletedTask;
    }
}

/// <summary>Requests that wait for their answers.</summary>
sealed class Requests
{
    int _underWay;

    public int UnderWay => Volatile.Read(ref _underWay);

    public void Begin() => Interlocked.Increment(ref _underWay);

    public void End() => Interlocked.Decrement(ref _underWay);
}

sealed class CountedHandler(Requests requests) : DelegatingHandler(ErpHttp.Handler())
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        requests.Begin();
        try
        {
            return await base.SendAsync(request, cancel);
        }
        finally
        {
            requests.End();
        }
    }
}

/// <summary>What happens at a point instead of the process's end.</summary>
sealed record Interruption(string Name, Action<Life, LedgerClock, VirtualClock> At);

/// <summary>A bug that is put into the sink: the matrix must find it.</summary>
sealed record Planted(Func<IErpConnector, IErpConnector>? Connector = null, Func<LedgerClock, string, Task>? AfterKillAsync = null);
