using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Streams.Aggregators;
using Streams.ErpSink.Status;
using Streams.Ingest.Contracts;
using Streams.Ingest.Events;
using Streams.Ingest.Files;
using Streams.Schemas;
using Streams.Rating.Contracts;
using Streams.Simulators;

namespace Streams.Cli.Demo;

/// <summary>What the demo is to do.</summary>
sealed record DemoOptions(int Events, int Customers, int Seed, string? UsageFile, string? MappingFile, ImportFormat Format, bool ByHand = false);

/// <summary>The main job, once: contracts, usage in, windows rated, the period closed, documents posted, an exception put right, everything reconciled.</summary>
sealed class DemoRun(DemoPlant plant, DemoOptions options, Action<double, string> progress)
{
    /// <summary>Whose invoice is shown as it stood in mid-month: one under the price book with the most kinds of prices.</summary>
    const string PreviewCustomer = "cust-0003";

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    readonly long _started = Stopwatch.GetTimestamp();

    public async Task<DemoReport> RunAsync(CancellationToken cancel)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(Patience);
        try
        {
            var (entrance, until, preview) = options.UsageFile is null ? await SendTelemetryAsync(deadline.Token) : await ImportFileAsync(options.UsageFile, deadline.Token);
            var audit = await RatedAsync(deadline.Token);
            await PostedAsync(deadline.Token);
            progress(0.96, "an exception");
            var exception = await new DemoDesk(plant).HandleAsync(options.ByHand, deadline.Token);
            progress(0.98, "reconciling");
            return await ReportAsync(entrance, audit, BillingAudit.Read(plant.Kafka.ToClientConfig(), Book, until), preview, exception, deadline.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new CommandException(ExitCodes.Failed, $"The demo did not come to its end within {Patience.TotalMinutes} minutes; see the log above");
        }
    }

    ContractBook Book => plant.Host.Services.GetRequiredService<AggregatorsService>().Contracts;

    async Task<(EntranceCounts, Timestamp Until, DemoPreview?)> SendTelemetryAsync(CancellationToken cancel)
    {
        var generator = new TelemetryGenerator(options.Seed, options.Events, options.Customers);
        using var http = new HttpClient { BaseAddress = new Uri(plant.Host.Urls.First()), Timeout = TimeSpan.FromMinutes(1) };
        var sender = new TelemetrySender(http, plant.ApiKey);
        progress(0.02, "contracts");
        await sender.SendContractsAsync(DemoContracts.ForTelemetry(generator.ContractedCustomers), cancel);
        await WaitForContractsAsync(generator.ContractedCustomers.Count(), cancel);
        await sender.SendAsync(BadInput.RefusedEvents(), cancel);
        await BadInput.WriteMalformedAsync(plant.Kafka.ToClientConfig(), cancel);
        await sender.SendAsync(generator.Events(), options.Events, (share, note) => progress(0.03 + 0.5 * share, note), cancel);
        await CloseAsync(TelemetryGenerator.MonthEnd.ToDateTimeOffset(), cancel);
        var preview = DemoPreview.Of(Book, generator.Events().Select(TelemetrySender.ToUsageEvent), PreviewCustomer, TelemetryGenerator.MidMonth);
        return (sender.Counts, TelemetryGenerator.MonthEnd, preview);
    }

    async Task<(EntranceCounts, Timestamp Until, DemoPreview?)> ImportFileAsync(string file, CancellationToken cancel)
    {
        var mapping = ImportMapping.Load(options.MappingFile ?? throw new CommandException(ExitCodes.WrongUsage, "--usage needs --mapping: how do lines become events?"));
        var scan = new UsageScan();
        var anyMeter = new UsageEventRules(scan, TimeProvider.System);
        await new FileImport(scan, anyMeter, NullLogger<FileImport>.Instance).RunAsync(new ImportOptions(file, options.Format, mapping), cancel: cancel);
        using var schemas = plant.Kafka.OpenRegistry(register: true);
        using var tools = new EntranceTools(plant.Kafka, schemas);
        using var http = new HttpClient { BaseAddress = new Uri(plant.Host.Urls.First()) };
        await new TelemetrySender(http, plant.ApiKey).SendContractsAsync(DemoContracts.ForFile(scan.Customers, scan.FirstMonth), cancel);
        await WaitForContractsAsync(scan.Customers.Count, cancel);
        var rules = new UsageEventRules(new BookCatalogue(await tools.ReadContractsAsync(cancel)), TimeProvider.System);
        var import = new FileImport(tools.Events, rules, NullLogger<FileImport>.Instance);
        var result = await import.RunAsync(new ImportOptions(file, options.Format, mapping),
            new Progress<ImportProgress>(p => progress(0.03 + 0.5 * p.Bytes / Math.Max(1, p.TotalBytes), $"{p.Events:N0} events")), cancel);
        await CloseAsync(scan.LastMonth.AddMonths(1), cancel);
        return (new EntranceCounts(result.Events + result.Refused, result.Events, 0, result.Refused), Timestamp.From(scan.LastMonth.AddMonths(1)), null);
    }

    /// <summary>Entrance and aggregators each follow the contracts topic; usage that comes before its contract would be parked.</summary>
    async Task WaitForContractsAsync(int contracts, CancellationToken cancel)
    {
        var entrance = plant.Host.Services.GetRequiredService<ContractBookSource>();
        var aggregators = plant.Host.Services.GetRequiredService<AggregatorsService>();
        while (entrance.Current.Contracts.Count < contracts || aggregators.Contracts.Contracts.Count < contracts) await Task.Delay(20, cancel);
    }

    async Task CloseAsync(DateTimeOffset monthEnd, CancellationToken cancel)
    {
        progress(0.55, "closing the period");
        using var schemas = plant.Kafka.OpenRegistry(register: true);
        using var tools = new EntranceTools(plant.Kafka, schemas);
        await tools.Flush.CloseAsync(Timestamp.From(monthEnd.AddHours(2)), cancel);
    }

    /// <summary>Waits until every record of usage.events has its disposition.</summary>
    async Task<TopicAudit> RatedAsync(CancellationToken cancel)
    {
        while (true)
        {
            var audit = TopicAudit.Read(plant.Kafka.ToClientConfig());
            progress(0.55 + 0.2 * audit.Dispositions.Records / Math.Max(1, audit.InputRecords), $"{audit.Dispositions.Records:N0} of {audit.InputRecords:N0} events rated");
            if (audit.Dispositions.Records >= audit.InputRecords) return audit;
            await Task.Delay(250, cancel);
        }
    }

    /// <summary>Waits until every document is in the ledger and none is under way.</summary>
    async Task PostedAsync(CancellationToken cancel)
    {
        var documents = TopicReader.ReadAll(plant.Kafka.ToClientConfig(), Topics.ErpDocuments).LongCount();
        var status = plant.Host.Services.GetRequiredService<ErpSinkStatus>();
        while (true)
        {
            var states = await status.ByStateAsync(cancel);
            var settled = states.Where(s => s.State is "confirmed" or "refused" or "held").Sum(s => s.Documents);
            progress(0.75 + 0.2 * settled / Math.Max(1, documents), $"{settled:N0} of {documents:N0} documents posted");
            if (settled >= documents) return;
            await Task.Delay(100, cancel);
        }
    }

    static ErpCounts Counts(string erp, SimulatorFigures f) =>
        new(erp, f.Calls, f.Records, f.DuplicatesRefused, f.Throttled, f.FaultsInjected, f.LargestConcurrency, 5, f.LargestCallsPerSecond);

    async Task<DemoReport> ReportAsync(EntranceCounts entrance, TopicAudit audit, BillingAudit billing, DemoPreview? preview, DemoException? exception, CancellationToken cancel)
    {
        var status = plant.Host.Services.GetRequiredService<ErpSinkStatus>();
        var states = await status.ByStateAsync(cancel);
        return new DemoReport
        {
            Entrance = entrance,
            Dispositions = audit.Dispositions,
            Windows = audit.Windows,
            Charges = audit.Charges,
            Documents = new SortedDictionary<string, long>(states.GroupBy(s => s.State).ToDictionary(g => g.Key, g => g.Sum(s => s.Documents)), StringComparer.Ordinal),
            Erps = [.. plant.Erps.Select(e => Counts(e.Erp, e.Figures))],
            Reconciliation = await Reconciler.CompareAsync(plant, audit, billing, status, cancel),
            Preview = preview,
            Exception = exception,
            Live = options.UsageFile is null ? await DemoLive.AskAsync(plant, PreviewCustomer, cancel) : null,
            Seconds = (decimal)Stopwatch.GetElapsedTime(_started).TotalSeconds,
        };
    }
}
