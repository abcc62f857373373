using Streams.ErpSink.BusinessCentral;
using Streams.ErpSink.Dynamics;
using Streams.ErpSink.OData;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Tests.BusinessCentral;
using Streams.ErpSink.Tests.Dynamics;
using Streams.Schemas;
using Streams.Simulators;
using static Streams.ErpSink.Tests.Dynamics.DynamicsHarness;

namespace Streams.ErpSink.Tests;

/// <summary>The connectors and the simulators, which share no code: what one sends the other takes, and what is in the ledger is found again.</summary>
public sealed class D365SimulatorTests : IDisposable
{
    static readonly DocumentKind[] Invoiced = [DocumentKind.ArInvoice, DocumentKind.CreditMemo, DocumentKind.GlJournal];

    readonly string _folder = Directory.CreateTempSubdirectory("d365").FullName;
    readonly SocketsHttpHandler _handler = ErpHttp.Handler();

    public void Dispose()
    {
        _handler.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("d365fo")]
    [InlineData("businesscentral")]
    public async Task Every_kind_is_made_posted_and_found_again(string erp)
    {
        await using var simulator = await StartAsync(erp);
        var connector = Connect(erp, simulator);
        foreach (var kind in Invoiced)
        {
            ErpDocument[] documents = [Document(kind, "1234567890.07", "-0.01"), Document(kind, "0.01")];
            Assert.All(documents, d => Assert.Null(connector.Preflight(d)));
            Assert.All(await connector.PostAsync(documents, $"{kind}", CancellationToken.None), a => Assert.Equal((ErpOutcome.Created, true), (a.Outcome, a.ErpId is not null)));
            await FoundAsync(connector, simulator, documents);
        }
        var receipt = Document(DocumentKind.Receipt, "1234567890.06");
        receipt = receipt with { Lines = [receipt.Lines[0] with { Meter = Document(DocumentKind.ArInvoice, "1234567890.07", "-0.01").DocumentKey }] };
        Assert.Equal(ErpOutcome.Created, (await connector.PostAsync([receipt], "receipt", CancellationToken.None)).Single().Outcome);
        await FoundAsync(connector, simulator, [receipt]);

        var posted = Truth(simulator).Where(r => r.Posted).ToList();
        Assert.Equal((7, 7), (posted.Count, posted.Select(r => r.Key).Distinct().Count()));
        Assert.Equal(["0.01", "1234567890.06"], posted.Where(r => r.Kind == "CREDIT_MEMO").Select(r => r.Amount).Order());
        Assert.Equal("1234567890.06", posted.Single(r => r.Key == receipt.DocumentKey).Amount);
        Assert.All(posted, r => Assert.Equal(Sum(r, l => l.Debit), Sum(r, l => l.Credit)));
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Under_every_fault_each_document_is_in_the_ledger_once(string erp, SimulatorFault fault, bool inner)
    {
        await using var simulator = await StartAsync(erp);
        var connector = Connect(erp, simulator);
        var met = 0;
        foreach (var kind in Invoiced)
        {
            // The second, the third and the fourth request of a posting, whichever step that is, meet it too.
            for (var skip = 0; skip < (inner ? 1 : 3); skip++)
            {
                ErpDocument[] documents = [.. Enumerable.Range(1, 3).Select(n => Document(kind, $"{skip}{n}.5", "2"))];
                if (skip > 0) simulator.Arm(new FaultRule { Kind = SimulatorFault.Slow, Delay = TimeSpan.Zero, Next = skip });
                simulator.Arm(new FaultRule { Kind = fault, Next = 2, Inner = inner, RetryAfter = "0" });
                await SettleAsync(connector, simulator, documents, $"{kind}{skip}");
                met += await HitsAsync(simulator, fault);
                simulator.Disarm();
            }
        }

        Assert.NotEqual(0, met);
        var truth = Truth(simulator);
        var posted = truth.Where(r => r.Posted).ToList();
        Assert.Equal((inner ? 9 : 27, inner ? 9 : 27), (posted.Count, posted.Select(r => r.Key).Distinct().Count()));
        Assert.DoesNotContain(truth, r => !r.Posted && r.Lines.Count > 0);
    }

    public static TheoryData<string, SimulatorFault, bool> Faults
    {
        get
        {
            var data = new TheoryData<string, SimulatorFault, bool>();
            foreach (var erp in new[] { "d365fo", "businesscentral" })
            {
                foreach (var fault in new[]
                {
                    SimulatorFault.TooManyRequests, SimulatorFault.ErrorBeforeCommit, SimulatorFault.DropBeforeCommit, SimulatorFault.CommitThenDrop, SimulatorFault.CommitThenError, SimulatorFault.RecordChanged,
                    SimulatorFault.CommitThenGarbage, SimulatorFault.CommitThenTruncated, SimulatorFault.ErrorInside200, SimulatorFault.ServiceUnavailable, SimulatorFault.TokenExpired, SimulatorFault.Redirect, SimulatorFault.BatchShuffled,
                }) data.Add(erp, fault, false);
                data.Add(erp, SimulatorFault.TooManyRequests, true);
                data.Add(erp, SimulatorFault.ErrorBeforeCommit, true);
            }
            return data;
        }
    }

    [Theory]
    [InlineData("d365fo", DocumentKind.ArInvoice)]
    [InlineData("d365fo", DocumentKind.CreditMemo)]
    [InlineData("d365fo", DocumentKind.GlJournal)]
    [InlineData("businesscentral", DocumentKind.GlJournal)]
    public async Task A_request_that_is_carried_out_after_the_look_up_makes_nothing_twice(string erp, DocumentKind kind)
    {
        await using var simulator = await StartAsync(erp);
        var connector = Connect(erp, simulator);
        for (var skip = 0; skip < 3; skip++)
        {
            if (skip > 0) simulator.Arm(new FaultRule { Kind = SimulatorFault.Slow, Delay = TimeSpan.Zero, Next = skip });
            simulator.Arm(new FaultRule { Kind = SimulatorFault.DelayedApply, Delay = TimeSpan.FromSeconds(1), Next = 1 });
            await SettleAsync(connector, simulator, [Document(kind, $"{skip}1.5", "2"), Document(kind, $"{skip}2.5", "2")], $"call{skip}");
            simulator.Disarm();
        }
        await simulator.DelayedWorkAsync();
        await simulator.RunPostingAsync();

        var truth = Truth(simulator);
        Assert.Equal(6, truth.Count(r => r.Posted));
        Assert.DoesNotContain(truth, r => !r.Posted && r.Lines.Count > 0);
    }

    [Fact]
    public async Task A_package_is_imported_and_what_it_leaves_out_is_named()
    {
        await using var simulator = await StartAsync("d365fo");
        var connector = Connect("d365fo", simulator, packageAbove: 1);
        ErpDocument[] documents = [.. Enumerable.Range(1, 5).Select(n => Document(DocumentKind.GlJournal, $"{n}.5", "2"))];
        simulator.Arm(new FaultRule { Kind = SimulatorFault.BatchPartial, Keys = documents[2].DocumentKey });

        var accepted = await connector.PostAsync(documents, "package1", CancellationToken.None);
        var answers = await connector.LookUpAsync([.. documents.Select((d, i) => new ErpItem(d, Job: accepted[i].Job))], CancellationToken.None);

        Assert.All(accepted, a => Assert.Equal((ErpOutcome.Accepted, "package1"), (a.Outcome, a.Job)));
        Assert.Equal([ErpOutcome.Unposted, ErpOutcome.Unposted, ErpOutcome.Validation, ErpOutcome.Unposted, ErpOutcome.Unposted], answers.Select(a => a.Outcome));
        Assert.Contains("Main account 0 does not exist", answers[2].Detail);
        await FoundAsync(connector, simulator, [.. documents.Where((_, i) => i != 2)]);
    }

    [Fact]
    public async Task An_import_whose_answer_is_lost_is_found_by_our_execution_id()
    {
        await using var simulator = await StartAsync("d365fo");
        var connector = Connect("d365fo", simulator, packageAbove: 1);
        ErpDocument[] documents = [Document(DocumentKind.GlJournal, "1"), Document(DocumentKind.GlJournal, "2")];
        simulator.Arm(new FaultRule { Kind = SimulatorFault.CommitThenDrop, Next = 1 });

        var lost = await connector.PostAsync(documents, "package1", CancellationToken.None);
        var answers = await connector.LookUpAsync([.. documents.Select((d, i) => new ErpItem(d, Job: lost[i].Job))], CancellationToken.None);

        Assert.All(lost, a => Assert.Equal((ErpOutcome.Unknown, "package1"), (a.Outcome, a.Job)));
        Assert.All(answers, a => Assert.Equal(ErpOutcome.Unposted, a.Outcome));
    }

    [Theory]
    [InlineData("d365fo")]
    [InlineData("businesscentral")]
    public async Task A_closed_period_is_named_and_leaves_nothing_that_could_be_posted_later(string erp)
    {
        await using var simulator = await StartAsync(erp, "2026-01");
        var connector = Connect(erp, simulator);

        foreach (var kind in Invoiced) Assert.Equal(ErpOutcome.PeriodClosed, (await connector.PostAsync([Document(kind, "3")], $"{kind}", CancellationToken.None)).Single().Outcome);

        Assert.Empty(Truth(simulator));
    }

    [Fact]
    public async Task Somebody_elses_change_is_a_difference()
    {
        await using var simulator = await StartAsync("businesscentral");
        var connector = Connect("businesscentral", simulator);
        var document = Document(DocumentKind.ArInvoice, "3");
        var id = (await connector.PostAsync([document], "one", CancellationToken.None)).Single().ErpId;
        using var http = new HttpClient { BaseAddress = simulator.Address };
        (await http.PatchAsync($"/simulator/records/{id}", new StringContent("""{"amount":"4"}"""))).EnsureSuccessStatusCode();

        Assert.Equal(ErpOutcome.Different, (await connector.LookUpAsync([new ErpItem(document)], CancellationToken.None)).Single().Outcome);
    }

    /// <summary>What a sink does: look up what is not certain, post what is absent, finish what is not in the ledger.</summary>
    static async Task SettleAsync(IErpConnector connector, SimulatedErp simulator, IReadOnlyList<ErpDocument> documents, string call)
    {
        var (post, look) = (documents.ToList(), new List<ErpItem>());
        for (var round = 1; post.Count + look.Count > 0; round++)
        {
            Assert.True(round <= 20, "it does not settle");
            var made = post.Count == 0 ? [] : await connector.PostAsync(post, $"{call}_{round}", CancellationToken.None);
            Assert.DoesNotContain(made, a => a.Outcome is ErpOutcome.Validation or ErpOutcome.PeriodClosed);
            var sent = post.Zip(made).ToLookup(p => p.Second.Outcome is ErpOutcome.Throttled or ErpOutcome.NotSent or ErpOutcome.Unauthorized, p => p.First);
            post = [.. sent[true]];
            look.AddRange(sent[false].Select(d => new ErpItem(d)));

            var seen = look.Count == 0 ? [] : await connector.LookUpAsync(look, CancellationToken.None);
            Assert.DoesNotContain(seen, a => a.Outcome is ErpOutcome.Different or ErpOutcome.Validation);
            post.AddRange(look.Zip(seen).Where(p => p.Second.Outcome == ErpOutcome.Absent).Select(p => p.First.Document));
            var unposted = look.Zip(seen).Where(p => p.Second.Outcome == ErpOutcome.Unposted).Select(p => p.First with { ErpId = p.Second.ErpId }).ToList();
            if (unposted.Count > 0) await connector.FinishAsync(unposted, CancellationToken.None);
            await simulator.RunPostingAsync();
            look = [.. look.Zip(seen).Where(p => p.Second.Outcome is not (ErpOutcome.Found or ErpOutcome.Absent)).Select(p => p.First)];
        }
    }

    static async Task FoundAsync(IErpConnector connector, SimulatedErp simulator, IReadOnlyList<ErpDocument> documents)
    {
        var before = await connector.LookUpAsync(Items([.. documents]), CancellationToken.None);
        var unposted = documents.Zip(before).Where(p => p.Second.Outcome == ErpOutcome.Unposted).Select(p => new ErpItem(p.First, p.Second.ErpId)).ToList();
        if (unposted.Count > 0) Assert.All(await connector.FinishAsync(unposted, CancellationToken.None), a => Assert.Equal(ErpOutcome.Created, a.Outcome));
        await simulator.RunPostingAsync();
        var after = await connector.LookUpAsync(Items([.. documents]), CancellationToken.None);
        Assert.All(after, a => Assert.Equal((ErpOutcome.Found, new DateOnly(2026, 1, 31), null), (a.Outcome, a.PostedOn, a.Code)));
    }

    async Task<SimulatedErp> StartAsync(string erp, params string[] closed)
    {
        var options = new SimulatorOptions { JournalFile = Path.Combine(_folder, $"{erp}.jsonl"), ClosedPeriods = closed.ToHashSet(), Latency = TimeSpan.Zero };
        return erp == "d365fo" ? await FinanceSimulator.StartAsync(options, new FinanceSetup { PostingInterval = null, ChecksPeriodAtCreation = true }) : await BusinessCentralSimulator.StartAsync(options);
    }

    IErpConnector Connect(string erp, SimulatedErp simulator, int packageAbove = 100)
    {
        var credentials = new EntraCredentials { TenantId = "tenant-1", ClientId = "streams-integration", ClientSecret = "simulated-secret", TokenEndpoint = new Uri(simulator.Address, "/tenant-1/oauth2/v2.0/token") };
        return erp == "d365fo"
            ? new DynamicsConnector(DynamicsHarness.Options() with { BaseAddress = simulator.Address, Credentials = credentials, PackageAbove = packageAbove }, _handler, TimeProvider.System)
            : new BusinessCentralConnector(BusinessCentralHarness.Options() with { BaseAddress = simulator.Address, Credentials = credentials, PaymentPostAction = "Microsoft.NAV.post" }, _handler, TimeProvider.System);
    }

    static async Task<int> HitsAsync(SimulatedErp simulator, SimulatorFault fault)
    {
        using var http = new HttpClient { BaseAddress = simulator.Address };
        var name = System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(fault.ToString());
        return System.Text.Json.Nodes.JsonNode.Parse(await http.GetStringAsync("/simulator/faults"))!.AsArray().Where(r => r!["rule"]!["kind"]!.GetValue<string>() == name).Sum(r => r!["hits"]!.GetValue<int>());
    }

    static List<SimulatedRecord> Truth(SimulatedErp simulator) =>
        [.. simulator.Journal.Records.GroupBy(r => r.Id).Select(g => g.Last()).Where(r => r.Event is not ("deleted" or "note"))];

    static ExactDecimal Sum(SimulatedRecord record, Func<SimulatedLine, string> side) => record.Lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + ExactDecimal.Parse(side(l)));
}
