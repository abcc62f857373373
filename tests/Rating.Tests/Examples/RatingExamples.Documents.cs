using Streams.Rating.Pricing;

namespace Streams.Rating.Tests.Examples;

/// <summary>Allocation, coupons, taxes and documents.</summary>
public sealed partial class RatingExamples
{
    [SkippableTheory, MemberData(nameof(Of), "allocation")]
    public void Allocation_of_cents(string id)
    {
        var example = Read(id);
        Skip.IfNot(example.Params.Text("method") == "largest-remainder", "only the largest remainder is expressed");
        var keys = example.Usage.Has("keys") ? example.Usage.Texts("keys") : null;
        example.Equal("shares", Allocation.LargestRemainder(example.Usage.Number("amount"), example.Usage.Numbers("weights"), example.Params.Int("scale"), keys));
        example.EverythingRead();
    }

    /// <summary>The source keeps five decimals of a cent in a coupon's shares, each rounded by itself.</summary>
    [SkippableTheory, MemberData(nameof(Of), "coupon_allocation")]
    public void Coupon_allocation(string id)
    {
        var example = Read(id);
        var (fees, percents) = (example.Usage.Object("fees"), example.Params.Object("taxPercent"));
        var lines = fees.Names.Select(n => new DocumentLine(n, fees.Number(n), percents.Number(n))).ToList();
        var coupons = example.Params.Objects("coupons").Select((c, i) =>
            new Coupon($"{i}", new(DiscountKind.Amount, c.Number("amount")), c.Json("appliesTo").ValueKind == System.Text.Json.JsonValueKind.String ? null : c.Texts("appliesTo"))).ToList();
        var document = RatedDocument.Of(new(new(2)) { Coupons = coupons, CouponPlaces = 7, CouponRounding = ShareRounding.Each }, lines);
        var (shares, taxes) = (example.Expected.Object("couponShares"), example.Expected.Object("perFeeTax"));
        for (var i = 0; i < lines.Count; i++)
        {
            example.Matches(shares.Text(lines[i].Id), document.CouponShares[i]);
            example.Matches(taxes.Text(lines[i].Id), Tax.Of([new(lines[i].Amount - document.CouponShares[i], lines[i].TaxPercents)], new(2), TaxRounding.Line));
        }
        example.Equal("subTotal", document.Net);
        example.Equal("invoiceTax", document.Tax);
        example.Equal("total", document.Total);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "invoice_composition")]
    public void Invoice_composition(string id)
    {
        var example = Read(id);
        Skip.IfNot(example.Params.Text("order") == "line coupon, subscription coupon, wallet credit, tax on (subtotal - coupons)"
            && example.Usage.Text("discounts") == "30 in total (25% off the 80 line = 20, 10 off)", "the order and the discounts are words");
        var tax = example.Params.Number("taxPercent");
        var lines = example.Usage.Numbers("lines").Select((amount, i) => new DocumentLine($"{i}", amount, tax)).ToList();
        var coupons = new Coupon[] { new("line", new(DiscountKind.Percent, 25), ["0"]), new("subscription", new(DiscountKind.Amount, 10)) };
        var document = RatedDocument.Of(new(new(2)) { Coupons = coupons, Credit = CreditPlace.BeforeTax }, lines, example.Usage.Number("credits"));
        example.Equal("tax", document.Tax);
        example.Equal("total", document.Total);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "tax_sum")]
    public void Tax_sum(string id)
    {
        var example = Read(id);
        example.Equal("tax", Tax.Of([new(example.Usage.Number("amount"), example.Params.Numbers("taxPercents"))], new(2), TaxRounding.Document));
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "taxed_sum")]
    public void Taxed_sum(string id)
    {
        var example = Read(id);
        Skip.IfNot(example.Params.Text("roundTaxAt") == "invoice", "another place of rounding");
        Taxed(example, TaxRounding.Document);
    }

    [SkippableTheory, MemberData(nameof(Of), "taxed_sum_per_line")]
    public void Taxed_sum_per_line(string id) => Taxed(Read(id), TaxRounding.Line);

    static void Taxed(Example example, TaxRounding place)
    {
        var percent = example.Params.Number("taxPercent");
        var lines = example.Usage.Numbers("lines").Select((amount, i) => new DocumentLine($"{i}", amount, percent)).ToList();
        example.Equal("total", RatedDocument.Of(new(new(2)) { TaxRounding = place }, lines).Total);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "credit_note")]
    public void Credit_note(string id)
    {
        var example = Read(id);
        var share = Prorated.Share(example.Usage.Int("unusedNumerator"), example.Usage.Int("unusedDenominator"));
        var note = CreditNote.Unused(example.Params.Number("amount"), share, example.Params.Number("taxPercent"), new(2));
        example.Equal("itemAmount", note.Amount);
        example.Equal("tax", note.Tax);
        example.Equal("total", note.Total);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "credit_cap")]
    public void Credit_cap(string id)
    {
        var example = Read(id);
        example.Equal("credit", CreditNote.Limit(example.Usage.Number("potentialCredit"), example.Params.Number("originalPaid"), example.Params.Number("previousCredits")));
        example.EverythingRead();
    }
}
