using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.Tests.Matrix;

/// <summary>Sinks with a bug: the matrix finds each.</summary>
[Collection("kill points")]
public sealed class PlantedBugTests
{
    [Fact]
    public Task A_sink_that_posts_again_after_a_time_out_without_a_look_up() =>
        AssertFoundAsync("times in the ERP", new Planted(Connector: c => new Altered(c) { Posted = a => a.Outcome == ErpOutcome.Unknown ? a with { Outcome = ErpOutcome.NotSent } : a }));

    [Fact]
    public Task A_sink_that_forgets_that_it_has_called() => AssertFoundAsync("times in the ERP", new Planted(AfterKillAsync: static async (ledger, account) =>
        await ledger.QueryAsync<int>("""
            alter table erp.posting disable trigger guard;
            update erp.posting set state = 'planned', claimed_by = null, claimed_until = null, next_try_at = clock_timestamp() where account = @account and state in ('sent', 'unknown');
            alter table erp.posting enable trigger guard
            """, new { account })));

    [Fact]
    public Task A_sink_that_takes_an_absence_for_a_success() =>
        AssertFoundAsync("is confirmed and not in the ERP", new Planted(Connector: c => new Altered(c) { LookedUp = a => a.Outcome == ErpOutcome.Absent ? a with { Outcome = ErpOutcome.Found } : a }));

    static async Task AssertFoundAsync(string expected, Planted planted)
    {
        using var lanes = new MatrixLanes(planted: planted);
        var results = await lanes.RunAsync([.. Scenario.All.Where(s => s is { Repetition: 1, Point: "sink.after_attempt_row" or "sink.after_send", Erp.Name: "s4hana", Fault.Name: "F-30" or "F-31" or "F-32" or "F-35" })]);
        Assert.Contains(results.SelectMany(r => r.Differences), d => d.Text.Contains(expected, StringComparison.Ordinal));
    }

    /// <summary>A connector whose answers are taken for others.</summary>
    sealed class Altered(IErpConnector inner) : IErpConnector
    {
        public Func<ErpAnswer, ErpAnswer> Posted { get; init; } = a => a;

        public Func<ErpAnswer, ErpAnswer> LookedUp { get; init; } = a => a;

        public string Erp => inner.Erp;

        public string Account => inner.Account;

        public ErpBatching Batching => inner.Batching;

        public ErpAnswer? Preflight(ErpDocument document) => inner.Preflight(document);

        public string Describe(ErpDocument document) => inner.Describe(document);

        public async Task<IReadOnlyList<ErpAnswer>> PostAsync(IReadOnlyList<ErpDocument> batch, string call, CancellationToken deadline) => [.. (await inner.PostAsync(batch, call, deadline)).Select(Posted)];

        public async Task<IReadOnlyList<ErpAnswer>> LookUpAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline) => [.. (await inner.LookUpAsync(items, deadline)).Select(LookedUp)];

        public Task<IReadOnlyList<ErpAnswer>> FinishAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline) => inner.FinishAsync(items, deadline);
    }
}
