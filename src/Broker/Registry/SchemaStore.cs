namespace Streams.Broker.Registry;

/// <summary>What a write decides to append, and what it answers once that is durable.</summary>
readonly record struct Decision<T>(T Answer, params LogRecord[] Records);

/// <summary>The state of the registry with its log: many readers, one writer at a time. Safe for concurrent use.</summary>
sealed class SchemaStore : IDisposable
{
    readonly RegistryState _state = new();
    readonly Lock _gate = new();
    readonly SemaphoreSlim _writer = new(1);
    readonly SchemaLog _log;

    public SchemaStore(EmbeddedRegistryOptions options, Microsoft.Extensions.Logging.ILogger log) => _log = new(options, Apply, log);

    public void Dispose()
    {
        _log.Dispose();
        _writer.Dispose();
    }

    public Task OpenAsync(CancellationToken cancel) => _log.OpenAsync(cancel);

    public T Read<T>(Func<RegistryState, T> query)
    {
        lock (_gate) return query(_state);
    }

    /// <summary>
    /// Decides on the latest state, appends and answers. The log is read up to its end first, because the outcome of an earlier write may be unknown.
    /// </summary>
    public async Task<T> WriteAsync<T>(Func<RegistryState, Decision<T>> decide, CancellationToken cancel)
    {
        await _writer.WaitAsync(cancel);
        try
        {
            _log.CatchUp();
            var decision = Read(decide);
            if (decision.Records.Length > 0) await _log.AppendAsync(decision.Records);
            return decision.Answer;
        }
        finally
        {
            _writer.Release();
        }
    }

    void Apply(LogRecord record)
    {
        lock (_gate) _state.Apply(record);
    }
}
