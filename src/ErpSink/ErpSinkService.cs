using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Publishing;
using Streams.ErpSink.Reconciliation;
using Streams.ErpSink.Routing;
using Streams.ErpSink.Status;

namespace Streams.ErpSink;

/// <summary>Runs the sink's three movements: taking documents in, posting them, publishing what became of them.</summary>
public sealed class ErpSinkService(
    NpgsqlDataSource database, ErpSinkOptions options, IReadOnlyList<PostingLoop> accounts, ErpSinkStatus status, TimeProvider time,
    DocumentConsumer consumer, Reconciler reconciler, OutboxPublisher? publisher = null) : BackgroundService
{
    static readonly TimeSpan FiguresInterval = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken cancel)
    {
        await LedgerSchema.ApplyAsync(database, cancel);
        await new RouteStore(database).SaveAsync(options.EffectiveRoutes, cancel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var movements = new List<Task>(accounts.Select(a => a.RunAsync(stop.Token))) { ShowFiguresAsync(stop.Token), reconciler.RunAsync(stop.Token) };
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
                var began = time.GetTimestamp();
                Telemetry.Show(await status.FiguresAsync(cancel));
                // Counting a large ledger takes its time: not more than a twentieth of it goes into that.
                var pause = time.GetElapsedTime(began) * 20;
                await Task.Delay(pause > FiguresInterval ? pause : FiguresInterval, time, cancel);
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
public sealed class ErpSinkHealthCheck(NpgsqlDataSource database, IReadOnlyList<PostingLoop> accounts) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var blocked = accounts.Where(a => a.Blocked is not null).Select(a => $"account {a.Account} refuses the credentials: {a.Blocked}").ToList();
        if (blocked.Count > 0) return HealthCheckResult.Unhealthy(string.Join("; ", blocked));
        try
        {
            await using var command = database.CreateCommand("select count(*) from erp.restore where explained_at is null");
            return await command.ExecuteScalarAsync(cancellationToken) is > 0L
                ? HealthCheckResult.Degraded("the ledger was restored from a backup, and not all of the lost time is accounted for: see the work list") : HealthCheckResult.Healthy();
        }
        catch (NpgsqlException e)
        {
            return HealthCheckResult.Unhealthy("the ledger does not answer", e);
        }
    }
}
