using System.Globalization;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Tests.Examples;

/// <summary>What surrounds a price: rounding, deltas, proration, commitments, thresholds.</summary>
public sealed partial class RatingExamples
{
    [SkippableTheory, MemberData(nameof(Of), "rounding")]
    public void Rounding(string id)
    {
        var example = Read(id);
        example.Equal("value", ExampleTerms.Rounding(example.Params).Apply(example.Usage.Number("value")));
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "rounded_sum")]
    public void Rounded_sum(string id)
    {
        var example = Read(id);
        var repeat = example.Usage.Has("repeat") ? example.Usage.Int("repeat") : 1;
        var charge = new Charge("line", new DynamicPrice(), new() { Rounding = new(new(example.Params.Int("scale")), RoundingPlace.Line) });
        var lines = Enumerable.Repeat(example.Usage.Numbers("items"), repeat).SelectMany(i => i).Select(i => charge.Rate(new(i)).Amount);
        example.Equal("total", Exact.Sum(lines));
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "delta_sequence")]
    public void Delta_sequence(string id)
    {
        var example = Read(id);
        var charge = ExampleTerms.Charge(example, example.Params.Text("price"));
        var booked = Exact.Zero;
        var deltas = new List<Exact>();
        var cumulative = example.Usage.Numbers("cumulative");
        var final = example.Usage.Has("final") ? example.Usage.Json("final").EnumerateArray().Select(f => f.GetBoolean()).ToList() : null;
        for (var i = 0; i < cumulative.Count; i++)
        {
            deltas.Add(Deltas.Current(charge, new(cumulative[i], Final: final?[i] ?? true), booked));
            booked += deltas[^1];
        }
        example.Equal("deltas", deltas);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "period_preserving")]
    public void Period_preserving(string id)
    {
        var example = Read(id);
        var charge = ExampleTerms.Charge(example, example.Params.Text("price"));
        var runs = example.Expected.Table("runs");
        var booked = Array.Empty<Exact>();
        foreach (var (snapshot, expected) in example.Usage.Table("snapshots").Zip(runs))
        {
            var deltas = Deltas.PeriodPreserving(charge, snapshot, booked);
            Assert.Equal(expected, deltas);
            booked = deltas.Select((delta, i) => delta + (i < booked.Length ? booked[i] : Exact.Zero)).ToArray();
        }
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "clamped_price")]
    public void Clamped_price(string id)
    {
        var example = Read(id);
        var charge = new Charge("line", new DynamicPrice(), new() { Maximum = example.Params.Number("maximum") });
        example.Equal("total", charge.Rate(new(example.Usage.Number("rated"))).Amount);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "discount_then_minimum")]
    public void Discount_then_minimum(string id)
    {
        var example = Read(id);
        var terms = new ChargeTerms { Discounts = [new(DiscountKind.Percent, example.Params.Number("discountPercent"))], Minimum = example.Params.Number("minimum") };
        example.Equal("total", new Charge("line", ExampleTerms.Model(example.Params, "per_unit"), terms).Rate(ExampleTerms.Usage(example.Usage)).Amount);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "coupon_chain")]
    public void Coupon_chain(string id)
    {
        var example = Read(id);
        var discounts = example.Params.Numbers("percentOff").Select(p => new Discount(DiscountKind.Percent, p)).ToList();
        example.Equal("total", new Charge("line", new DynamicPrice(), new() { Discounts = discounts }).Rate(new(example.Usage.Number("amount"))).Amount);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "minimum_true_up")]
    public void Minimum_true_up(string id)
    {
        var example = Read(id);
        var rounding = new Rounding(example.Params.Int("scale"));
        var share = example.Usage.Has("numerator") ? Prorated.Share(example.Usage.Int("numerator"), example.Usage.Int("denominator")) : Exact.One;
        var fees = example.Usage.Numbers("fees");
        var trueUp = new MinimumCommitment(example.Params.Number("commitment"), rounding).TrueUp(fees, share);
        example.Equal("trueUp", trueUp);
        if (example.Expected.Has("total")) example.Equal("total", Exact.Sum(fees) + trueUp);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "proration_flat")]
    public void Proration_of_a_fee(string id)
    {
        var example = Read(id);
        var share = Prorated.Share(example.Usage.Int("numerator"), example.Usage.Int("denominator"));
        example.Equal("total", Prorated.Flat(example.Params.Number("amount"), share, ExampleTerms.Rounding(example.Params.Object("round"))));
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "proration_change")]
    public void Proration_of_a_change(string id)
    {
        var example = Read(id);
        var share = Prorated.Share(example.Usage.Int("remaining"), example.Usage.Int("period"));
        var change = Prorated.Change(example.Params.Number("oldAmount"), example.Params.Number("newAmount"), share, ExampleTerms.Rounding(example.Params.Object("round")));
        example.Equal("net", change.Net);
        if (example.Expected.Has("credit")) example.Equal("credit", change.Credit);
        if (example.Expected.Has("charge")) example.Equal("charge", change.Charge);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "calendar_days")]
    public void Calendar_days(string id)
    {
        var example = Read(id);
        var zone = ZoneClock.Of(example.Params.Text("timezone"));
        var span = new TimeWindow(Midnight("startLocal"), Midnight("endLocal"));
        example.Equal("days", Shares.Of(span, span, Proration.Days, zone).Numerator);
        example.EverythingRead();

        Timestamp Midnight(string name) => zone.StartOf(DateOnly.FromDateTime(DateTime.Parse(example.Usage.Text(name), CultureInfo.InvariantCulture)));
    }

    [SkippableTheory, MemberData(nameof(Of), "period_anchor")]
    public void Period_anchor(string id)
    {
        var example = Read(id);
        var start = DateOnly.ParseExact(example.Usage.Text("start"), "yyyy-MM-dd", CultureInfo.InvariantCulture);
        Skip.IfNot(start.Day == example.Params.Int("anchorDay"), "a first period that is cut short is the calendar's matter");
        var expected = example.Expected.Texts("boundaries");
        Assert.Equal(expected, expected.Select((_, n) => Recurrence.EveryMonths(1).At(start, n).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
        example.EverythingRead();
    }

    /// <summary>A threshold of the contract's life is billed once; the period's document credits what it billed.</summary>
    [SkippableTheory, MemberData(nameof(Of), "progressive_billing")]
    public void Progressive_billing(string id)
    {
        var example = Read(id);
        var thresholds = new ThresholdBilling(example.Params.Numbers("thresholds"));
        var charge = new Charge("usage", ExampleTerms.Model(example.Params, "per_unit"), new() { Split = SplitMethod.RerateAndCredit });
        var (life, documents, totals, credits) = (Exact.Zero, new List<Exact>(), new List<Exact>(), new List<Exact>());
        foreach (var quantity in example.Usage.Numbers("events"))
        {
            var fee = charge.Rate(new(quantity)).Amount;
            var billed = Exact.Zero;
            if (thresholds.Reached(life, life + fee) is not null) documents.Add(billed = charge.Rate(new(quantity, Final: false)).Amount);
            totals.Add(charge.Rate(new(quantity, Exact.Zero, billed)).Amount);
            credits.Add(billed);
            life += fee;
        }
        example.Equal("progressiveInvoices", documents);
        var subscription = example.Params.Number("subscriptionFee");
        if (example.Expected.Has("period1Total")) example.Equal("period1Total", totals[0] + subscription);
        if (example.Expected.Has("period2Total")) example.Equal("period2Total", totals[1] + subscription);
        if (example.Expected.Has("finalFees"))
        {
            // The contract ends on day 18 of 31.
            var fee = Prorated.Flat(subscription, Prorated.Share(18, 31), new(2));
            example.Equal("finalFees", fee + totals[0] + credits[0]);
            example.Equal("finalCredit", credits[0]);
            example.Equal("finalTotal", fee + totals[0]);
        }
        example.EverythingRead();
    }
}
