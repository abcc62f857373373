using Streams.Aggregators.Metering;
using Streams.Aggregators.Tests.Metering;
using Streams.Schemas;
using static Streams.Aggregators.Tests.Metering.Bench;

namespace Streams.Aggregators.Tests.Billing;

public sealed class BillingTests
{
    const long Hour = 3_600_000_000;

    static readonly long End = BillingPeriod.End(BillingPeriod.Of(Noon));

    static List<ErpDocument> Documents(Bench bench) => bench.Driver.ReadOutput(Topics.ErpDocuments).Select(o => ErpDocument.Read(o.Value.AsSpan(5))).ToList();

    [Fact]
    public void A_period_is_billed_when_its_grace_is_over_and_only_once()
    {
        using var bench = new Bench();
        bench.Send(Event("1", Noon, "3"));
        bench.Send(Event("2", Noon, "0.05", meter: "n"));
        bench.Send(Event("3", Noon, "0", customer: "a"));
        bench.Flush(End + Hour - 1);
        Assert.Empty(Documents(bench));
        bench.Commit();
        bench.Driver.Restart();
        bench.Flush(End + Hour);
        var documents = Documents(bench);
        bench.Flush(End + 100 * Hour);
        Assert.Empty(Documents(bench));

        Assert.Equal(["a", "c"], documents.Select(d => d.CustomerId));
        Assert.Equal("0", documents[0].Total.ToString());
        var document = documents[1];
        Assert.Equal(("2026-01", "USD", 16), (document.Period, document.Currency, document.DocumentKey.Length));
        Assert.Equal(new DateOnly(2026, 1, 31), document.DocumentDate);
        Assert.Equal(["m 3 3 3", "n 0.05 0.016666667 0.02"], document.Lines.Select(l => $"{l.Meter} {l.Quantity} {l.RatedAmount} {l.Amount}"));
        Assert.Equal(("3.016666667", "3.02"), (document.RatedTotal.ToString(), document.Total.ToString()));
        var lineage = Assert.Single(document.Lines[1].Lineage);
        Assert.Equal((Topics.UsageEvents, 0, 1L, 1L, 1L), (lineage.Topic, lineage.Partition, lineage.FirstOffset, lineage.LastOffset, lineage.Events));
    }
}
