using Streams.Aggregators.Rating;
using Streams.Rating.Contracts;
using Streams.Schemas;

namespace Streams.Aggregators.Tests.Rating;

/// <summary>Which contracts are rated window by window, and how those are named that are not.</summary>
public sealed class BookTermsTests
{
    static readonly Timestamp Noon = Timestamp.From(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    static TermsAnswer Find(string price, string more = "", string meter = "", string other = "") => new BookTerms(new(ContractBook.Of(ContractFile.Parse($$"""
        {"meters":[{"id":"m","unit":"u","product":"api"{{meter}}}],"customers":[{"id":"c","name":"C","legalEntity":"L"}],
         "priceBooks":[{"id":"b","currency":"EUR","versions":[{"version":1,"from":"2026-01-01","charges":[
            {"kind":"usage","id":"x","product":"p","meter":"m","price":{{price}}{{more}}}{{other}}]}]}],
         "contracts":[{"id":"k","customer":"c","currency":"EUR","versions":[{"version":7,"from":"2026-01-01","to":"2026-04-01","priceBook":"b"}]}]}
        """, "test", default)))).Find("c", "m", Noon);

    const string Unit = """{"model":"perUnit","unitPrice":"0.25"}""";

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Terms_are_read_as_they_were_written(bool byEvent, bool counted)
    {
        var terms = Find(Unit).Terms!;
        if (byEvent) terms = terms.FedByEvent();
        if (counted) terms = terms.CountedByEvent();
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        terms.Write(buffer);
        var read = Terms.Read(buffer.WrittenSpan);
        Assert.Equal((terms.Id, byEvent, counted, byEvent || counted), (read.Id, read.ByEvent, read.Counted, read.EachEvent));
        Assert.Equal(terms.Id, (byEvent ? read.FedByEvent() : read).Id);
    }

    [Fact]
    public void A_price_per_unit_and_graduated_prices_are_rates()
    {
        var unit = Find(Unit);
        Assert.Equal(("k", 7, "L", "api", "EUR"), (unit.Terms!.ContractId, unit.Terms.ContractVersion, unit.Terms.LegalEntity, unit.Terms.Product, unit.Terms.Rates!.Currency));
        Assert.Equal(Timestamp.From(new(2026, 4, 1, 0, 0, 0, TimeSpan.Zero)), unit.Until);
        Assert.Equal([new RateTier(null, ExactDecimal.Parse("0.25"))], unit.Terms.Rates!.Tiers);
        var graduated = Find("""{"model":"graduated","tiers":[{"upTo":"2.5","unit":"1"},{"unit":"0.000000001"}]}""");
        Assert.Equal([new RateTier(ExactDecimal.Parse("2.5"), ExactDecimal.FromInteger(1)), new RateTier(null, ExactDecimal.Parse("0.000000001"))], graduated.Terms!.Rates!.Tiers);
    }

    [Theory]
    [InlineData("""{"model":"volume","tiers":[{"unit":"1"}]}""")]
    [InlineData("""{"model":"graduated","tiers":[{"unit":"1","flat":"1"}]}""")]
    [InlineData("""{"model":"perUnit","unitPrice":"0.0000000001"}""")]
    [InlineData("""{"model":"perUnit","unitPrice":"10000000000000000000"}""")]
    [InlineData(Unit, ""","minimum":"5" """)]
    [InlineData(Unit, ""","discounts":[{"type":"percent","value":"5"}]""")]
    [InlineData(Unit, ""","accumulate":"year" """)]
    [InlineData(Unit, ""","quantity":{"usageDiscount":"5"}""")]
    [InlineData(Unit, "", ""","aggregation":"max" """)]
    [InlineData(Unit, "", ""","where":"quantity > 5" """)]
    [InlineData(Unit, "", "", """,{"kind":"usage","id":"y","product":"p","meter":"m","price":{"model":"perUnit","unitPrice":"1"}}""")]
    public void What_needs_the_period_has_terms_without_rates(string price, string more = "", string meter = "", string other = "")
    {
        var answer = Find(price, more, meter, other);
        Assert.Null(answer.Code);
        Assert.Equal("k", answer.Terms!.ContractId);
        Assert.Null(answer.Terms.Rates);
    }
}
