using System.Diagnostics;
using System.Text.Json.Nodes;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Quotas;
using Streams.ErpSink.Tests.Matrix;
using Streams.Schemas;
using Streams.Simulators;

namespace Streams.ErpSink.Tests.People;

/// <summary>From the question to the ERP: in each ERP an invoice, a credit memo and a journal are posted and taken back, and nothing is left of them in its books.</summary>
public sealed class ReversalInErpTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    static readonly DocumentKind[] Kinds = [DocumentKind.ArInvoice, DocumentKind.CreditMemo, DocumentKind.GlJournal];

    public static TheoryData<string> Erps => [.. MatrixErp.All.Select(e => e.Name)];

    [Theory, MemberData(nameof(Erps))]
    public async Task Asked_approved_posted_and_the_net_is_zero(string erp)
    {
        var folder = Directory.CreateTempSubdirectory("streams-reversal-").FullName;
        var of = MatrixErp.All.Single(e => e.Name == erp);
        await using var simulator = await of.StartAsync(new SimulatorOptions { JournalFile = Path.Combine(folder, "journal.jsonl"), Latency = TimeSpan.Zero }, 1, TimeProvider.System);
        try
        {
            var (desk, account) = (new ReversalDesk(postgres), $"reversal-{erp}");
            var documents = Kinds.Select((kind, i) => Documents.Create(i + 2, kind: kind, prefix: $"reversal-{erp}")).ToList();
            await desk.TakeAsync([.. documents.Select((d, i) => Documents.Record(d, i))], account);
            await RunUntilQuietAsync(of, simulator, account);

            foreach (var document in documents) await desk.ReverseAsync(document.DocumentKey);
            await desk.PublishAsync();
            var counters = desk.Topic.Select(ReversalDesk.Read).ToList();
            Assert.Equal([DocumentKind.CreditMemo, DocumentKind.ArInvoice, DocumentKind.GlJournal], counters.Select(c => c.Kind));
            await desk.TakeAsync(desk.Topic, $"elsewhere than {account}");
            await RunUntilQuietAsync(of, simulator, account);

            await AssertConfirmedAsync([.. documents.Concat(counters).Select(d => d.DocumentKey)]);
            AssertNetZero(simulator.Journal.Records);
            AssertThreeWay(folder, account, erp, documents, desk);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static void AssertNetZero(IReadOnlyList<SimulatedRecord> records)
    {
        Assert.Equal(6, records.Count(r => r.Posted));
        // A journal amounts to its turnover: of those the accounts tell.
        Assert.All(records.Where(r => r.Kind != "GL_JOURNAL").GroupBy(r => (r.Party, r.Currency)), g => Assert.Equal(ExactDecimal.Zero, g.Aggregate(ExactDecimal.Zero, (sum, r) => sum + r.Balance())));
        Assert.All(records.SelectMany(r => r.Lines).GroupBy(l => (l.Account, l.Party)), g =>
            Assert.True(g.Aggregate(ExactDecimal.Zero, (sum, l) => sum + ExactDecimal.Parse(l.Debit) - ExactDecimal.Parse(l.Credit)) == ExactDecimal.Zero, $"{g.Key}: {string.Join(", ", g)}"));
    }

    void AssertThreeWay(string folder, string account, string erp, List<ErpDocument> documents, ReversalDesk desk)
    {
        if (Testing.ThreeWayChecker.Missing is not null) return;
        var names = Path.Combine(folder, "names.json");
        var known = JsonNode.Parse(erp == "netsuite" ? ThreeWay.NetSuiteNames : "{}")!;
        known["totals"] = new JsonArray(TotalsAccount(erp));
        File.WriteAllText(names, known.ToJsonString());
        var journal = File.ReadAllText(Path.Combine(folder, "journal.jsonl"));
        var (code, output) = Check(journal);
        Assert.True(code == 0 && output.Contains("6 documents in the ledger, 6 on the topic, 6 records", StringComparison.Ordinal), output);
        // A journal that was posted a second time the same way, instead of the opposite one.
        (code, output) = Check(Swapped(journal, ReversalDesk.Read(desk.Topic[^1]).DocumentKey));
        Assert.True(code == 1 && output.Contains("its amount is", StringComparison.Ordinal), output);

        (int Code, string Output) Check(string text) => ThreeWay.Check(folder, postgres.ConnectionString, account, text,
            ThreeWay.Records(documents) + string.Concat(desk.Topic.Select(ReversalDesk.Line)), "--names", $"{account}={names}", "--only", "--settled");
    }

    /// <summary>The ERP's journal with debits and credits of one record exchanged.</summary>
    static string Swapped(string journal, string key) => string.Concat(journal.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(text =>
    {
        var record = JsonNode.Parse(text)!;
        if ((string?)record["key"] != key) return text + "\n";
        foreach (var line in record["lines"]!.AsArray()) (line!["debit"], line["credit"]) = ((string?)line["credit"], (string?)line["debit"]);
        return record.ToJsonString() + "\n";
    }));

    /// <summary>The account that a journal's total stands on, by the built-in mapping.</summary>
    static string TotalsAccount(string erp)
    {
        var settings = JsonNode.Parse(File.ReadAllText(Path.Combine(Testing.Checkout.Root, "src/ErpSink/Mapping", $"{erp}.json")))!["settings"]!;
        // The simulated chart of accounts of Oracle has a segment more than the mapping fills.
        return (string)(settings["journalDebitAccount"] ?? settings["receivableAccount"])! + (erp == "fusion" ? "-" : "");
    }

    async Task AssertConfirmedAsync(string[] keys)
    {
        await using var c = await postgres.Database.OpenConnectionAsync();
        var others = await c.QueryAsync<string>("select concat_ws(' ', p.kind, p.state, p.outcome, p.reason, w.detail) from erp.posting p left join erp.work_item w using (document_key, account) where p.document_key = any(@keys) and p.state <> 'confirmed'", new { keys });
        Assert.Empty(others);
    }

    async Task RunUntilQuietAsync(MatrixErp of, SimulatedErp simulator, string account)
    {
        var options = new ErpSinkOptions
        {
            Registry = new FixedRegistry(), Postgres = "", Instance = account, Posting = SinkHarness.Fast with { CallTimeout = TimeSpan.FromSeconds(10) },
            Accounts = [new ErpAccountOptions { Name = account, Quota = new AccountQuota { Concurrency = 3 }, Connect = (handler, time) => of.Connect(simulator, account, 1, handler, time) }],
        };
        using var line = new ErpAccount(options.Accounts[0], postgres.Database, account, options.Posting, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = new PostingLoop(line, new PostingWorker(line, options, TimeProvider.System, NullLogger.Instance), options, TimeProvider.System, NullLogger<PostingLoop>.Instance).RunAsync(stop.Token);
        var waited = Stopwatch.StartNew();
        while (await UnderWayAsync(account) is { Length: > 0 } open)
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(60) && !running.IsFaulted, $"{open} {running.Exception}");
            await simulator.RunPostingAsync();
            await Task.Delay(20);
        }
        await stop.CancelAsync();
        await running;
    }

    async Task<string> UnderWayAsync(string account)
    {
        await using var c = await postgres.Database.OpenConnectionAsync();
        return await c.ExecuteScalarAsync<string>("select coalesce(string_agg(concat_ws(' ', kind, state, outcome, reason), ', '), '') from erp.posting where account = @account and state = any(@UnderWay)", new { account, DocumentState.UnderWay }) ?? "";
    }
}
