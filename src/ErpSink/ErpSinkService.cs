using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Publishing;
using Streams.ErpSink.Status;

namespace Streams.ErpSink;

/// <summary>Runs the sink's three movements: taking documents in, posting them, publishing what became of them.</summary>
public sealed class ErpSinkService(
    NpgsqlDataSource database, ErpSinkOptions options, PostingLoop posting, ErpSinkStatus status, TimeProvider time,
    DocumentConsumer consumer, OutboxPublisher? publisher = null) : BackgroundService
{
    static readonly TimeSpan FiguresInterval = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken cancel)
    {
        await LedgerSchema.ApplyAsync(database, cancel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var movements = new List<Task> { posting.RunAsync(stop.Token), ShowFiguresAsync(stop.Token) };
        if (options.BootstrapServers is not null)
        {
            movements.Add(consumer.RunAsync(stop.Token));
            if (publisher is not null) movements.Add(publisher.RunAsync(stop.Token));
        }
        await EndTogetherAsync(movements, stop);
    }

    // Posting that ends for lack of credentials leaves the others running; a failure of any ends all, and the host with them.
    static async Task EndTogetherAsync(List<Task> movements, CancellationTokenSource stop)
    {
        var left = new List<Task>(movements);
        while (left.Count > 0)
        {
            var ended = await Task.WhenAny(left);
            left.Remove(ended);
            if (!ended.IsCompletedSuccessfully) await stop.CancelAsync();
        }
        await Task.WhenAll(movements);
    }

    async Task ShowFiguresAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                Telemetry.Show(await status.FiguresAsync(cancel));
                await Task.Delay(FiguresInterval, time, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (NpgsqlException)
            {
                // The posting loop reports a database that is away; the gauges keep their last values.
                await Task.Delay(FiguresInterval, time, CancellationToken.None);
            }
        }
    }
}

/// <summary>Ready when the ledger answers and the ERP takes the credentials.</summary>
public sealed class ErpSinkHealthCheck(NpgsqlDataSource database, PostingLoop posting) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (posting.Blocked is { } reason) return HealthCheckResult.Unhealthy($"the ERP refuses the credentials: {reason}");
        try
        {
            await using var command = database.CreateCommand("select count(*) from erp.migration");
            await command.ExecuteScalarAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (NpgsqlException e)
        {
            return HealthCheckResult.Unhealthy("the ledger does not answer", e);
        }
    }
}
