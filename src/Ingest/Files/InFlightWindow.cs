using Streams.Ingest.Publishing;
using Streams.Schemas;

namespace Streams.Ingest.Files;

/// <summary>Publishes with a bounded number of events on the way, and remembers the first that was not acknowledged.</summary>
sealed class InFlightWindow(IUsageEventPublisher publisher, int size)
{
    readonly SemaphoreSlim _room = new(size, size);
    string? _failure;
    bool _begun;

    public async Task PublishAsync(UsageEvent usage, CancellationToken cancel)
    {
        ThrowIfFailed();
        await _room.WaitAsync(cancel);
        var sending = SendAsync(usage);
        if (_begun) return;
        // The first goes alone. Until the schema's id is known, sends wait for the registry and would overtake one another, or be lost in between
        // while later ones get through; from then on each is with the producer before the call returns.
        await sending;
        ThrowIfFailed();
        _begun = true;
    }

    /// <summary>Waits until nothing is on the way.</summary>
    /// <exception cref="ImportException">An event was not acknowledged.</exception>
    public async Task DrainAsync(CancellationToken cancel)
    {
        for (var i = 0; i < size; i++) await _room.WaitAsync(cancel);
        _room.Release(size);
        ThrowIfFailed();
    }

    async Task SendAsync(UsageEvent usage)
    {
        // The publisher never throws for what a broker does; should it throw all the same, the import must not end as a success.
        var failure = "the publisher failed";
        try
        {
            var delivery = await publisher.PublishAsync(usage);
            failure = delivery.Outcome == DeliveryOutcome.Acknowledged ? null : delivery.Reason;
            Telemetry.Count("file", delivery.Outcome switch { DeliveryOutcome.Acknowledged => "accepted", DeliveryOutcome.NotPublished => "not_published", _ => "unknown" });
        }
        finally
        {
            if (failure is not null) Interlocked.CompareExchange(ref _failure, failure, null);
            _room.Release();
        }
    }

    void ThrowIfFailed()
    {
        if (Volatile.Read(ref _failure) is { } failure) throw new ImportException($"Not every event was acknowledged: {failure}. Importing the file again is safe");
    }
}
