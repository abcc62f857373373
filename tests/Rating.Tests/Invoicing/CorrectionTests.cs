using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Pricing;
using Streams.Schemas;
using static Streams.Rating.Tests.Invoicing.Given;

namespace Streams.Rating.Tests.Invoicing;

/// <summary>What comes after a period was closed.</summary>
public sealed class CorrectionTests
{
    static readonly Timestamp January = Day(2026, 1, 1), Later = Day(2026, 3, 5);

    static Dictionary<int, PeriodUsage> Of(int period, params UsageFigure[] figures) => new() { [period] = new(figures) };

    [Fact]
    public void Late_usage_is_billed_on_its_own_period_by_a_document_of_differences()
    {
        var engine = new InvoicingEngine(Agree(From(January, charges: Graduated("api", Tier(100, "1"), Tier(null, "0.5")))));
        var (_, a) = engine.Close(engine.Start().State, Usage(Used(Day(2026, 1, 2), "90")));
        var (_, b) = engine.Close(a, Usage(Used(Day(2026, 2, 2), "90")));
        var (documents, state) = engine.Correct(b, Of(0, Used(Day(2026, 1, 2), "90"), Used(Day(2026, 1, 3), "20")), Later);
        var document = Assert.Single(documents);
        Assert.Equal(("c/0000/correction-1", "c/0000/period", 2), (document.Id, document.Corrects, document.Ordinal));
        var line = Assert.Single(document.Lines);
        Assert.Equal(("api@2026-01-01T00:00:00Z", (Exact)20, (Exact)15), (line.Key, line.Quantity, line.Amount));
        var (again, unchanged) = engine.Correct(state, Of(0, Used(Day(2026, 1, 2), "90"), Used(Day(2026, 1, 3), "20")), Later);
        Assert.Empty(again);
        Assert.Equal(InvoicingStateJson.Write(state), InvoicingStateJson.Write(unchanged));
        var back = Assert.Single(engine.Correct(state, Of(0, Used(Day(2026, 1, 2), "10")), Later).Documents);
        Assert.Equal(("c/0000/correction-2", (Exact)0, (Exact)95), (back.Id, back.Total, back.CarriedForward));
    }

    [Fact]
    public void A_void_period_is_credited_whole_and_can_be_billed_again()
    {
        var version = From(January, null, 1, PerUnit("api", "1") with { Minimum = 30 }) with
        {
            Coupons = [new("half", new(DiscountKind.Percent, 50))], Taxes = [new("vat", 10)], Commitments = [new("least", 100)],
        };
        var engine = new InvoicingEngine(Agree(version));
        var (first, a) = engine.Close(engine.Start().State, Usage(Used(Day(2026, 1, 2), "10")));
        var usage = Of(0, Used(Day(2026, 1, 2), "10"));
        var voided = InvoicingEngine.Void(a, 0);
        Assert.Equal(InvoicingStateJson.Write(voided), InvoicingStateJson.Write(InvoicingStateJson.Read(InvoicingStateJson.Write(voided))));
        var (credited, b) = engine.Correct(voided, usage, Later);
        var note = Assert.Single(credited);
        Assert.Equal((first!.Id, -first.Net, -first.Tax), (note.Corrects, note.Net, note.Tax));
        Assert.Equal(first.Lines.Select(l => (l.Key, -l.Amount)), note.Lines.Select(l => (l.Key, l.Amount)));
        // Void stays void, whatever usage comes.
        Assert.Empty(engine.Correct(b, Of(0, Used(Day(2026, 1, 2), "10"), Used(Day(2026, 1, 3), "50")), Later).Documents);
        Assert.Empty(engine.Correct(InvoicingEngine.Void(b, 0), usage, Later).Documents);
        var again = Assert.Single(engine.Correct(InvoicingEngine.Void(b, 0, voided: false), Of(0, Used(Day(2026, 1, 2), "60")), Later).Documents);
        // 60, and 40 up to 100; half of it; a tenth on top.
        Assert.Equal((100, 50, 5), (again.SubTotal, again.CouponTotal, again.Tax));
        Assert.Contains("open", Assert.Throws<PricingException>(() => InvoicingEngine.Void(a, 1)).Reason);
    }

    [Fact]
    public void What_a_void_document_billed_in_advance_stays_billed()
    {
        var engine = new InvoicingEngine(Agree(From(January, null, 1, PerUnit("api", "1"), Fee("base", "20") with { Timing = ChargeTiming.Advance })));
        var (_, a) = engine.Close(engine.Start().State, Usage(Used(Day(2026, 1, 2), "10")));
        var (documents, state) = engine.Correct(InvoicingEngine.Void(a, 0), Of(0, Used(Day(2026, 1, 2), "10")), Later);
        Assert.Equal(-10, Assert.Single(documents).Net);
        var (next, _) = engine.Close(state, Usage(Used(Day(2026, 2, 2), "5")));
        Assert.Equal([5, 20], next!.Lines.Where(l => !l.Amount.IsZero).Select(l => l.Amount));
    }

    [Fact]
    public void Tiers_that_run_on_move_the_periods_behind()
    {
        var engine = new InvoicingEngine(Agree(From(January, charges: Graduated("api", Tier(100, "1"), Tier(null, "0.5")) with { Accumulate = Accumulation.Year })));
        var (_, a) = engine.Close(engine.Start().State, Usage(Used(Day(2026, 1, 2), "60")));
        var (_, b) = engine.Close(a, Usage(Used(Day(2026, 2, 2), "60")));
        var fault = Assert.Throws<PricingException>(() => engine.Correct(b, Of(0, Used(Day(2026, 1, 2), "80")), Later));
        Assert.Contains("period 1 is needed too", fault.Reason);
        var (documents, state) = engine.Correct(b, new Dictionary<int, PeriodUsage> { [0] = Usage(Used(Day(2026, 1, 2), "80")), [1] = Usage(Used(Day(2026, 2, 2), "60")) }, Later);
        Assert.Equal([20, -10], documents.Select(d => d.Net));
        Assert.Equal(140, state.Accumulated["api"].Quantity);
    }

    [Fact]
    public void Minimum_maximum_coupon_and_tax_are_corrected_with_the_lines()
    {
        var version = From(January, null, 1, PerUnit("api", "1") with { Minimum = 30 }, PerUnit("data", "1")) with
        {
            Coupons = [new("half", new(DiscountKind.Percent, 50))], Taxes = [new("vat", 10)], Commitments = [new("least", 100)],
        };
        var engine = new InvoicingEngine(Agree(version));
        var (first, a) = engine.Close(engine.Start().State, Usage(Used(Day(2026, 1, 2), "10")));
        // 30 and 10, up to 100; half of it; a tenth on top.
        Assert.Equal((100, 50, 5, 55), (first!.SubTotal, first.CouponTotal, first.Tax, first.Total));
        var document = Assert.Single(engine.Correct(a, Of(0, Used(Day(2026, 1, 2), "60")), Later).Documents);
        // 60 and 60, no true-up: 120, 60, 6.
        Assert.Equal([30, 50, -60], document.Lines.Select(l => l.Amount));
        Assert.Equal((20, 10, 1, 11), (document.SubTotal, document.CouponTotal, document.Tax, document.Total));
    }

    [Fact]
    public void What_is_too_old_or_still_open_is_refused()
    {
        var contract = Contract(From(January, charges: PerUnit("api", "1"))) with { CorrectionPeriods = 2 };
        var engine = new InvoicingEngine(Agree(contract));
        var state = engine.Start().State;
        for (var i = 0; i < 3; i++) state = engine.Close(state, PeriodUsage.None).State;
        Assert.Contains("no longer", Assert.Throws<PricingException>(() => engine.Correct(state, Of(0), Later)).Reason);
        Assert.Contains("open", Assert.Throws<PricingException>(() => engine.Correct(state, Of(3), Later)).Reason);
        Assert.Single(engine.Correct(state, Of(1, Used(Day(2026, 2, 2), "5")), Later).Documents);
    }

    [Fact]
    public void Late_usage_after_the_end_counts_for_the_commitment_of_the_term()
    {
        var version = From(January, Day(2026, 3, 1), 1, PerUnit("api", "1")) with { Commitments = [new("term", 100) { Per = CommitmentPer.Term }] };
        var engine = new InvoicingEngine(Agree(version));
        var (_, a) = engine.Close(engine.Start().State, Usage(Used(Day(2026, 1, 2), "20")));
        var (last, b) = engine.Close(a, Usage(Used(Day(2026, 2, 2), "30")));
        Assert.Equal(80, last!.Total);
        var (documents, state) = engine.Correct(b, new Dictionary<int, PeriodUsage> { [0] = Usage(Used(Day(2026, 1, 2), "35")), [1] = Usage(Used(Day(2026, 2, 2), "30")) }, Later);
        Assert.Equal([15, -15], documents.Select(d => d.Net));
        Assert.Equal((15, 0), (documents[0].Total, documents[1].Total));
        Assert.Equal(15, state.Carried);
    }
}
