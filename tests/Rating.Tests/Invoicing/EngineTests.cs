using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;
using static Streams.Rating.Tests.Invoicing.Given;

namespace Streams.Rating.Tests.Invoicing;

/// <summary>Documents worked out by hand.</summary>
public sealed class EngineTests
{
    static readonly Timestamp January = Day(2026, 1, 1), February = Day(2026, 2, 1), March = Day(2026, 3, 1);

    static Exact[] Amounts(InvoiceDocument document) => [.. document.Lines.Select(l => l.Amount)];

    static Exact[] Numbers(params string[] texts) => [.. texts.Select(Number)];

    [Fact]
    public void A_period_has_its_usage_and_the_next_periods_fee_in_advance()
    {
        var agreement = Agree(From(January, March, charges: [Fee("base", "100"), Graduated("api", Tier(1000, "0.01"), Tier(null, "0.005"))]));
        var engine = new InvoicingEngine(agreement);
        var (opening, state) = engine.Start();
        Assert.Equal("c/0000/opening", opening!.Id);
        Assert.Equal(100, opening.Total);
        var (first, second) = engine.Close(state, Usage(Used(Day(2026, 1, 5), "900"), Used(Day(2026, 1, 6), "300")));
        Assert.Equal(Numbers("11", "100"), Amounts(first!));
        Assert.Equal(["api@2026-01-01T00:00:00Z", "base@2026-02-01T00:00:00Z"], first!.Lines.Select(l => l.Key));
        var (last, ended) = engine.Close(second, Usage(Used(Day(2026, 2, 5), "1")));
        Assert.Equal(Numbers("0.01"), Amounts(last!));
        Assert.True(ended.Ended);
    }

    [Fact]
    public void A_fee_that_changes_in_mid_period_is_due_in_proportion_and_the_rest_of_the_old_one_goes_back()
    {
        var before = Agree(From(January, charges: Fee("base", "100")));
        var (opening, state) = new InvoicingEngine(before).Start();
        Assert.Equal(100, opening!.Total);
        var after = Agree(Contract(From(January, Day(2026, 1, 17), 1, Fee("base", "100")), From(Day(2026, 1, 17), null, 2, Fee("base", "200"))));
        var document = new InvoicingEngine(after).Close(state, PeriodUsage.None).Document!;
        // 16/31 of 100 are 51.61, so 48.39 go back; 15/31 of 200 are 96.77; and February in advance.
        Assert.Equal(Numbers("-48.39", "96.77", "200"), Amounts(document));
        Assert.Equal(Number("248.38"), document.Total);
    }

    [Fact]
    public void What_is_owed_is_carried_forward_and_pays_the_next_documents()
    {
        var before = Agree(From(January, charges: [Fee("base", "100"), PerUnit("api", "1")]));
        var state = new InvoicingEngine(before).Start().State;
        var ends = Agree(Contract(From(January, Day(2026, 1, 17), 1, Fee("base", "100"), PerUnit("api", "1")), From(Day(2026, 1, 17), null, 2, PerUnit("api", "1"))));
        var engine = new InvoicingEngine(ends);
        var (first, next) = engine.Close(state, PeriodUsage.None);
        Assert.Equal(0, first!.Total);
        Assert.Equal(Number("48.39"), first.CarriedForward);
        var second = engine.Close(next, Usage(Used(Day(2026, 2, 3), "50"))).Document!;
        Assert.Equal(Number("48.39"), second.Carried);
        Assert.Equal(Number("1.61"), second.Total);
    }

    [Fact]
    public void Usage_is_priced_by_the_version_it_happened_in()
    {
        // Tiers of 1,000 run on: 800 units at 0.01, then 200 more of the first tier at 0.01 and 600 at 0.005.
        var old = Graduated("api", Tier(1000, "0.01"), Tier(null, "0.001"));
        var changed = Graduated("api", Tier(1000, "0.01"), Tier(null, "0.005"));
        var agreement = Agree(Contract(From(January, Day(2026, 1, 11), 1, old), new ContractVersion(2, Day(2026, 1, 11)) { Charges = [changed], Amendment = AmendmentProration.Usage }));
        var document = new InvoicingEngine(agreement).Close(new InvoicingEngine(agreement).Start().State, Usage(Used(Day(2026, 1, 10), "800"), Used(Day(2026, 1, 11), "800"))).Document!;
        Assert.Equal(Numbers("8", "5"), Amounts(document));
    }

    [Fact]
    public void A_change_that_cuts_by_time_rates_each_part_alone_for_its_share()
    {
        // April has 30 days: 10 and 20 of them. Ends of 300 units count 100 and 200.
        var (april, change) = (Day(2026, 4, 1), Day(2026, 4, 11));
        var old = Graduated("api", Tier(300, "1"), Tier(null, "0.5", "30"));
        var changed = Graduated("api", Tier(300, "2"), Tier(null, "1"));
        var agreement = Agree(Contract(From(april, change, 1, old), new ContractVersion(2, change) { Charges = [changed], Amendment = AmendmentProration.Time }));
        var engine = new InvoicingEngine(agreement);
        var document = engine.Close(engine.Start().State, Usage(Used(april, "120"), Used(change, "250"))).Document!;
        // 100 at 1, 20 at 0.5 and a third of the flat fee of 30; 200 at 2 and 50 at 1.
        Assert.Equal(Numbers("120", "450"), Amounts(document));
    }

    [Fact]
    public void Tiers_run_on_over_the_year_and_begin_anew_with_the_next()
    {
        var charge = Graduated("api", Tier(1000, "1"), Tier(null, "0.5")) with { Accumulate = Accumulation.Year, Maximum = 1500 };
        var engine = new InvoicingEngine(Agree(From(January, Day(2027, 3, 1), 1, charge)));
        var state = engine.Start().State;
        var totals = new List<Exact>();
        for (var month = 0; month < 14; month++)
        {
            var (document, next) = engine.Close(state, Usage(Used(Third(month), month == 12 ? "10" : "200")));
            totals.Add(document!.Total);
            state = InvoicingStateJson.Read(InvoicingStateJson.Write(next));
        }
        // 5 × 200 at 1, then 7 × 200 at 0.5 up to the maximum of 1,500 of the year: 5 × 100, 0, 0.
        Assert.Equal([200, 200, 200, 200, 200, 100, 100, 100, 100, 100, 0, 0, 10, 200], totals);

        static Timestamp Third(int month) => Day(2026 + month / 12, month % 12 + 1, 3);
    }

    [Fact]
    public void Commitments_of_period_and_term_ask_for_what_fees_left_open()
    {
        var version = From(Day(2026, 1, 17), Day(2026, 3, 1), 1, PerUnit("api", "1"), PerUnit("other", "1")) with
        {
            Commitments = [new("monthly", 100) { Charges = ["api"] }, new("term", 1000) { Per = CommitmentPer.Term }],
        };
        var engine = new InvoicingEngine(Agree(version));
        // 15/31 of 100 are 48.39; the fee is 30.
        var (first, state) = engine.Close(engine.Start().State, Usage(Used(Day(2026, 1, 20), "30")));
        Assert.Equal(Numbers("30", "30", "18.39"), Amounts(first!));
        // All fees: 60 and 2 × 200; a true-up is no fee.
        var second = engine.Close(state, Usage(Used(Day(2026, 2, 20), "200"))).Document!;
        Assert.Equal(Numbers("200", "200", "540"), Amounts(second));
    }

    [Fact]
    public void A_grant_pays_for_what_happened_before_it_expires()
    {
        var version = From(January, March, 1, PerUnit("api", "1")) with
        {
            Credits = new() { Grants = [new("short", 100) { Expires = Day(2026, 1, 11) }, new("long", 50) { From = Day(2026, 1, 21), CostBasis = Number("0.8"), Kind = GrantKind.Purchased }] },
        };
        var engine = new InvoicingEngine(Agree(version));
        var (first, state) = engine.Close(engine.Start().State, Usage(Used(Day(2026, 1, 10), "70"), Used(Day(2026, 1, 15), "20"), Used(Day(2026, 1, 25), "30")));
        Assert.Equal(["short", "long"], first!.Burns.Select(b => b.Grant));
        Assert.Equal(Numbers("70", "30"), first.Burns.Select(b => b.Amount));
        Assert.Equal(Number("24"), first.Burns[1].Revenue);
        Assert.Equal(20, first.Total);
        Assert.Equal(30, state.Credits.Lapsed);
        var second = engine.Close(InvoicingStateJson.Read(InvoicingStateJson.Write(state)), Usage(Used(Day(2026, 2, 1), "25"))).Document!;
        Assert.Equal((20, 5), (second.Credit, second.Total));
    }

    [Fact]
    public void Units_given_each_month_roll_over_within_their_limit()
    {
        var version = From(January, Day(2026, 4, 1), 1, PerUnit("api", "2")) with
        {
            Credits = new() { Grants = [new("free", 100) { Meter = "calls", Recurrence = Recurrence.EveryMonths(1), RollOver = new(0, 30) }] },
        };
        var engine = new InvoicingEngine(Agree(version));
        var (first, a) = engine.Close(engine.Start().State, Usage(Used(Day(2026, 1, 10), "40")));
        var (second, b) = engine.Close(a, Usage(Used(Day(2026, 2, 10), "140")));
        var (third, _) = engine.Close(b, Usage(Used(Day(2026, 3, 10), "110")));
        Assert.Equal([(0, 40), (10, 130), (10, 100)], new[] { first!, second!, third! }.Select(d => (d.Lines[0].Quantity, d.Lines[0].Covered)));
        Assert.Equal([0, 20, 20], new[] { first!.Total, second!.Total, third!.Total });
    }

    [Fact]
    public void A_grant_for_some_charges_pays_for_those_only()
    {
        var version = From(January, March, 1, PerUnit("api", "1"), PerUnit("data", "1")) with { Credits = new() { Grants = [new("g", 100) { Charges = ["data"] }] } };
        var engine = new InvoicingEngine(Agree(version));
        var document = engine.Close(engine.Start().State, Usage(Used(Day(2026, 1, 10), "70"))).Document!;
        Assert.Equal((70, 70), (document.Credit, document.Total));
    }

    [Fact]
    public void Trials_are_free_by_days_of_the_zone()
    {
        var api = PerUnit("api", "1") with { TrialDays = 10 };
        var fee = Fee("base", "310") with { TrialDays = 10, Timing = ChargeTiming.Arrears };
        var engine = new InvoicingEngine(Agree(From(January, March, 1, api, fee)));
        var document = engine.Close(engine.Start().State, Usage(Used(Day(2026, 1, 10), "70"), Used(Day(2026, 1, 11), "5"))).Document!;
        Assert.Equal(Numbers("5", "210"), Amounts(document));
    }

    [Fact]
    public void Fees_of_several_periods_come_with_their_first_or_last()
    {
        var quarterly = Fee("q", "90") with { EveryPeriods = 3 };
        var arrears = Fee("a", "30") with { EveryPeriods = 3, Timing = ChargeTiming.Arrears };
        var engine = new InvoicingEngine(Agree(From(January, Day(2026, 6, 1), 1, quarterly, arrears)));
        var (opening, state) = engine.Start();
        Assert.Equal(90, opening!.Total);
        var totals = new List<Exact>();
        while (!state.Ended)
        {
            var (document, next) = engine.Close(state, PeriodUsage.None);
            totals.Add(document!.Total);
            state = next;
        }
        // April to May of April to June are 61 of 91 days: 60.33 in advance and 20.11 in arrears.
        Assert.Equal(Numbers("0", "0", "90.33", "0", "20.11"), totals);
    }

    [Fact]
    public void Once_due_charges_come_with_the_start_or_the_period_of_their_time()
    {
        var engine = new InvoicingEngine(Agree(From(January, March, 1, new OneOffCharge("setup", "base", 500), new OneOffCharge("visit", "base", 70) { At = Day(2026, 2, 14) })));
        var (opening, state) = engine.Start();
        Assert.Equal(500, opening!.Total);
        var (first, next) = engine.Close(state, PeriodUsage.None);
        Assert.Empty(first!.Lines);
        Assert.Equal(70, engine.Close(next, PeriodUsage.None).Document!.Total);
    }

    [Fact]
    public void Coupons_limits_and_tax_make_the_document()
    {
        var version = From(January, March, 1, PerUnit("api", "1"), PerUnit("data", "1")) with
        {
            Coupons = [new("half", new(DiscountKind.Percent, 50, 1), ["api"]), new("ten", new(DiscountKind.Amount, 10))], Maximum = 100,
            Taxes = [new("vat", 19)], Document = new() { AdjustmentTaxPercents = [19] },
        };
        var engine = new InvoicingEngine(Agree(version));
        var (first, state) = engine.Close(engine.Start().State, Usage(Used(Day(2026, 1, 10), "80")));
        // 160 - 40 - 10 = 110, at most 100; 19 % of it.
        Assert.Equal((160, 50, -10, 100, 19, 119), (first!.SubTotal, first.CouponTotal, first.Adjustment, first.Net, first.Tax, first.Total));
        var second = engine.Close(state, Usage(Used(Day(2026, 2, 10), "20"))).Document!;
        Assert.Equal((40, 10, 0), (second.SubTotal, second.CouponTotal, second.Adjustment));
        Assert.Equal(Number("5.7"), second.Tax);
    }

    [Fact]
    public void Usage_that_has_no_price_names_charge_and_reason()
    {
        var engine = new InvoicingEngine(Agree(From(January, March, 1, Graduated("api", Tier(10, "1")))));
        var fault = Assert.Throws<PricingException>(() => engine.Close(engine.Start().State, Usage(Used(Day(2026, 1, 10), "11"))));
        Assert.Equal("charges.api.quantity", fault.Field);
        var across = new UsageFigure("calls", new(Day(2026, 1, 31), Day(2026, 2, 2)), 1);
        Assert.Contains("reaches over", Assert.Throws<PricingException>(() => engine.Close(engine.Start().State, Usage(across))).Reason);
    }

    [Fact]
    public void Steps_are_there_when_asked_for_and_change_nothing_else()
    {
        var agreement = Agree(From(January, March, charges: [Fee("base", "100"), Graduated("api", Tier(1000, "0.01"), Tier(null, "0.005"))]));
        var usage = Usage(Used(Day(2026, 1, 5), "1200"));
        var plain = new InvoicingEngine(agreement).Close(new InvoicingEngine(agreement).Start().State, usage);
        var explained = new InvoicingEngine(agreement, explain: true);
        var document = explained.Close(explained.Start().State, usage);
        Assert.Equal(InvoiceDocumentJson.Hash(plain.Document!), InvoiceDocumentJson.Hash(document.Document!));
        Assert.Equal(InvoicingStateJson.Write(plain.State), InvoicingStateJson.Write(document.State));
        Assert.Equal(["tier 1, up to 1000: 1000 × 0.01 = 10", "tier 2, above 1000: 200 × 0.005 = 1"], document.Document!.Lines[0].Steps!.Select(s => s.ToString()));
    }
}
