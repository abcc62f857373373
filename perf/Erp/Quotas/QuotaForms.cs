using Streams.ErpSink.Quotas;

namespace Streams.Perf.Erp.Quotas;

/// <summary>A quota as a vendor states it, what the sink is configured with for it, and how the ERP answers.</summary>
/// <param name="NeighbourPerSecond">Requests of others who use the same account; they are counted with the sink's.</param>
/// <param name="Counts">What is counted against the quota: requests in a window, execution time in a window, or places under way.</param>
sealed record QuotaForm(string Name, string States, ErpLimits Limits, AccountQuota Quota, VirtualPace Pace, Counted Counts, TimeSpan Length, decimal NeighbourPerSecond = 0);

enum Counted
{
    Requests,
    Execution,
    Places,
}

static class QuotaForms
{
    static readonly TimeSpan FiveMinutes = TimeSpan.FromMinutes(5);

    /// <summary>
    /// NetSuite, SAP and Oracle state no requests in a time: NetSuite counts requests at a time (5 in a standard account), the other two publish nothing, and the sink takes its default of 3.
    /// Business Central allows 6,000 in any 5 minutes and 5 at a time. Dynamics 365 Finance's limits by user were 6,000 requests and 1,200 s of execution in 5 minutes.
    /// </summary>
    public static IReadOnlyList<QuotaForm> All { get; } =
    [
        new("NetSuite", "5 at a time", new(5), new() { Concurrency = 5 }, Pace(400, 900), Counted.Places, TimeSpan.FromMinutes(5)),
        new("Dynamics 365, requests", "6,000 in 5 min", new(52, 6000, FiveMinutes, TimeSpan.FromSeconds(1200)), new() { Concurrency = 4, Requests = 6000, Window = FiveMinutes }, Pace(100, 200), Counted.Requests, TimeSpan.FromMinutes(15)),
        new("Dynamics 365, execution", "1,200 s in 5 min", new(52, 6000, FiveMinutes, TimeSpan.FromSeconds(1200)), new() { Concurrency = 4, Requests = 6000, Window = FiveMinutes }, Pace(500, 1500), Counted.Execution, TimeSpan.FromMinutes(15)),
        new("Business Central", "6,000 in 5 min, 5 at a time", new(5, 6000, FiveMinutes), new() { Concurrency = 5, Requests = 6000, Window = FiveMinutes }, Pace(100, 300), Counted.Requests, TimeSpan.FromMinutes(15)),
        new("SAP S/4HANA", "none; 3 at a time", new(3), new() { Concurrency = 3 }, Pace(300, 1200), Counted.Places, TimeSpan.FromMinutes(5)),
        new("Oracle Fusion", "none; 3 at a time", new(3), new() { Concurrency = 3 }, Pace(500, 2500), Counted.Places, TimeSpan.FromMinutes(5)),
        new("100 a minute, 3 at a time", "100 in 1 min", new(3, 100, TimeSpan.FromMinutes(1)), new() { Concurrency = 3, Requests = 100 }, Pace(200, 800), Counted.Requests, TimeSpan.FromMinutes(10)),
        new("100 a minute, shared", "the same; others take 30", new(4, 100, TimeSpan.FromMinutes(1)), new() { Concurrency = 3, Requests = 100 }, Pace(200, 800), Counted.Requests, TimeSpan.FromMinutes(20), 0.5m),
    ];

    static VirtualPace Pace(int shortest, int longest) => new(TimeSpan.FromMilliseconds(4), TimeSpan.FromMilliseconds(shortest), TimeSpan.FromMilliseconds(longest), TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(8));
}
