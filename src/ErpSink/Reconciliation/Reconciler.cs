using System.Text.Json;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Npgsql;
using Streams.ErpSink.Restore;
using Streams.Schemas.Avro;

namespace Streams.ErpSink.Reconciliation;

/// <summary>Compares in the background: usage with dispositions, what was billed with the ledger, the ledger with itself, and the ERPs with the ledger.</summary>
public sealed class Reconciler(
    NpgsqlDataSource database, ErpSinkOptions options, IReadOnlyList<ReadBack> readBacks, TimeProvider time, ILogger<Reconciler> log, UsageTally? usage = null, RestoreGuard? guard = null)
{
    readonly LedgerChecks _checks = new(database, options.Reconciliation);
    readonly DifferenceStore _differences = new(database);
    readonly SignOffStore _signOffs = new(database);

    /// <summary>Runs until cancelled; what passes (database, broker) is waited for.</summary>
    public Task RunAsync(CancellationToken cancel)
    {
        var reading = options.Reconciliation.ReadBack ? readBacks.Select(r => r.RunAsync(cancel)) : [];
        return Task.WhenAll([CompareAsync(cancel), .. reading]);
    }

    /// <summary>One comparison, without asking the ERPs.</summary>
    public async Task StepAsync(CancellationToken cancel)
    {
        if (usage is not null) await usage.AddAsync(cancel);
        foreach (var d in await _checks.CheckAsync(null, cancel)) Log.Difference(log, d.Class, d.Subject, d.Account, d.Cause);
        await _signOffs.VerifyAsync(cancel);
        if (guard is not null)
        {
            await guard.CheckAsync(cancel);
            await guard.ExplainAsync(cancel);
        }
        Telemetry.Show(await _differences.FiguresAsync(cancel));
    }

    async Task CompareAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await StepAsync(cancel);
                await Task.Delay(options.Reconciliation.Interval, time, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or KafkaException or TimeoutException or AvroException or JsonException or KeyNotFoundException or FormatException)
            {
                Log.ReconciliationPauses(log, e.Message, e);
                await Task.Delay(options.Posting.ThrottlePauseMax, time, CancellationToken.None);
            }
        }
    }
}
