using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Streams.ErpSink;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Quotas;

namespace Streams.Perf.Erp.Quotas;

/// <summary>Three whole sinks with connections of their own post to one account in wall time: documents, calls, look-ups, the ledger.</summary>
static class WallRun
{
    const int Sinks = 3;

    static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    static readonly QuotaForm Form = new("three sinks, all of each", "600 in 10 s, 6 at a time", new(6, 600, Window), new AccountQuota { Concurrency = 6, Requests = 600, Window = Window },
        new(TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(60), default, default), Counted.Requests, default);

    public static async Task RunAsync(TimeSpan length)
    {
        var erp = new CountedRequests(Form.Limits);
        using var host = new LimitedErp(erp, Form.Pace, TimeProvider.System);
        await using var plant = await Plant.StartAsync(new LimitedConnector(host, 1), Form.Quota);
        await plant.PlanAsync(0, (long)(length / Window * Form.Limits.Requests!.Value));
        using var stop = new CancellationTokenSource();
        var began = host.Now;
        var sinks = Enumerable.Range(0, Sinks).Select(n => SinkAsync(plant, host, Form.Quota, 1, n, stop.Token)).ToList();
        await Task.WhenAny(Task.Delay(length, CancellationToken.None), Task.WhenAll(sinks));
        var ended = host.Now;
        await stop.CancelAsync();
        await Task.WhenAll(sinks);
        var confirmed = await plant.ConfirmedAsync();
        QuotaRun.Print(Form, erp, began, ended, string.Create(CultureInfo.InvariantCulture, $"{length.TotalSeconds:0} s of wall time, {confirmed:N0} documents confirmed"));
    }

    /// <summary>A sink with connections of its own.</summary>
    public static async Task SinkAsync(Plant plant, LimitedErp host, AccountQuota quota, int batch, int number, CancellationToken cancel)
    {
        await using var database = NpgsqlDataSource.Create(plant.ConnectionString);
        var posting = new PostingOptions { IdleDelay = TimeSpan.FromMilliseconds(50) };
        var described = new ErpAccountOptions { Name = "memory", Quota = quota, Handler = () => new Shared(host), Connect = (handler, _) => new LimitedConnector(handler, batch) };
        var options = new ErpSinkOptions { Registry = new OneSchema(), Postgres = "", Instance = $"sink-{number}", Posting = posting, Accounts = [described] };
        using var account = new ErpAccount(described, database, options.Instance, posting, TimeProvider.System);
        await new PostingLoop(account, new PostingWorker(account, options, TimeProvider.System, NullLogger.Instance), options, TimeProvider.System, NullLogger<PostingLoop>.Instance).RunAsync(cancel);
    }

    /// <summary>The same ERP for all sinks, whichever of them ends first.</summary>
    sealed class Shared(HttpMessageHandler host) : DelegatingHandler(host)
    {
        protected override void Dispose(bool disposing) { }
    }
}
