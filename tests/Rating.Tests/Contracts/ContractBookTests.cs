using System.Buffers;
using Streams.Rating.Contracts;
using Streams.Rating.Pricing;
using Streams.Schemas;
using Streams.Schemas.Registry;

namespace Streams.Rating.Tests.Contracts;

public sealed class ContractBookTests
{
    const string Json = """
        {"meters":[{"id":"m","unit":"u","product":"p"},{"id":"n","unit":"u","product":"p"}],
         "customers":[{"id":"c","name":"C","legalEntity":"L"},{"id":"idle","name":"I","legalEntity":"L"},
            {"id":"child","name":"C","legalEntity":"L","parent":"c","pays":"parent"},{"id":"alone","name":"C","legalEntity":"L","parent":"c"}],
         "priceBooks":[{"id":"one","currency":"USD","versions":[
            {"version":1,"from":"2025-01-01","charges":[{"kind":"usage","id":"x","product":"p","meter":"m","price":{"model":"perUnit","unitPrice":"1"}}]},
            {"version":2,"from":"2026-01-15","charges":[{"kind":"usage","id":"x","product":"p","meter":"m","price":{"model":"perUnit","unitPrice":"2"}}]}]}],
         "contracts":[{"id":"k","customer":"c","currency":"USD","versions":[
            {"version":1,"from":"2026-01-01","to":"2026-02-01","priceBook":"one"},
            {"version":2,"from":"2026-02-01","to":"2026-03-01","priceBook":"one","priceBookVersion":1},
            {"version":3,"from":"2026-03-01","priceBook":"one","remove":["x"],
             "charges":[{"kind":"usage","id":"y","product":"p","meter":"m","price":{"model":"perUnit","unitPrice":"3"}}]}]}]}
        """;

    static readonly IReadOnlyList<ContractEntry> Entries = ContractFile.Parse(Json, "test", default);

    static Timestamp At(string utc) => Timestamp.From(DateTimeOffset.Parse(utc + "Z", System.Globalization.CultureInfo.InvariantCulture));

    [Theory]
    [InlineData("c", "m", "2026-01-01T00:00:00", null, 1, "1")]
    [InlineData("c", "m", "2026-01-14T23:59:59.999999", null, 1, "1")]
    [InlineData("c", "m", "2026-01-15T00:00:00", null, 1, "2")]
    [InlineData("c", "m", "2026-01-31T23:59:59.999999", null, 1, "2")]
    [InlineData("c", "m", "2026-02-01T00:00:00", null, 2, "1")] // pinned
    [InlineData("c", "m", "2026-03-01T00:00:00", null, 3, "3")] // its own charge
    [InlineData("child", "m", "2026-03-01T00:00:00", null, 3, "3")]
    [InlineData("alone", "m", "2026-03-01T00:00:00", "NO_CONTRACT", 0, null)]
    [InlineData("c", "m", "2025-12-31T23:59:59.999999", "NO_CONTRACT", 0, null)]
    [InlineData("c", "n", "2026-02-01T00:00:00", "METER_NOT_PRICED", 0, null)]
    [InlineData("idle", "m", "2026-02-01T00:00:00", "NO_CONTRACT", 0, null)]
    [InlineData("nobody", "m", "2026-02-01T00:00:00", "CUSTOMER_UNKNOWN", 0, null)]
    public void Finds_what_is_in_force_or_says_why_not(string customer, string meter, string at, string? code, int version, string? price)
    {
        var terms = ContractBook.Of(Entries).Find(customer, meter, At(at));
        Assert.Equal(code, terms.Code);
        Assert.Equal(version, terms.Version?.Version ?? 0);
        Assert.Equal(price, terms.Charges.Select(c => ((PerUnit)c.Price).UnitPrice.ToString()).SingleOrDefault());
    }

    [Theory]
    [InlineData("c", "2025-06-01T00:00:00", "2026-01-01T00:00:00")]
    [InlineData("c", "2026-01-01T00:00:00", "2026-01-15T00:00:00")]
    [InlineData("c", "2026-01-15T00:00:00", "2026-02-01T00:00:00")]
    [InlineData("child", "2026-02-01T00:00:00", "2026-03-01T00:00:00")]
    public void What_is_in_force_stays_so_until_the_next_change(string customer, string at, string next) =>
        Assert.Equal(At(next), ContractBook.Of(Entries).NextChange(customer, At(at)));

    [Fact]
    public void The_parent_pays_where_it_is_to()
    {
        var book = ContractBook.Of(Entries);
        Assert.Equal(["c", "alone", "c"], new[] { "child", "alone", "c" }.Select(id => book.PayerOf(book.Customers[id]).Id));
        Assert.Equal(new(long.MaxValue), book.NextChange("alone", At("2026-01-01T00:00:00")));
    }

    [Fact]
    public void A_period_is_cut_where_the_contract_or_its_prices_change()
    {
        var book = ContractBook.Of(Entries);
        var contract = book.Contracts["k"];
        var segments = book.Segments(contract, new(At("2026-01-01T00:00:00"), At("2026-04-01T00:00:00")));
        Assert.Equal(
            ["1/1 2026-01-15 x", "1/2 2026-02-01 x", "2/1 2026-03-01 x", "3/2 2026-04-01 y"],
            segments.Select(s => $"{s.Version.Version}/{s.Prices?.Version} {s.Window.End.ToString()[..10]} {string.Join(',', s.Charges.Select(c => c.Id))}"));
    }

    [Fact]
    public void A_book_never_changes()
    {
        var book = ContractBook.Of(Entries);
        var without = book.Without(EntryKind.Contract, "k").Without(EntryKind.Meter, "n");
        Assert.True(book.Find("c", At("2026-03-01T00:00:00")).Found);
        Assert.Equal("NO_CONTRACT", without.Find("c", At("2026-03-01T00:00:00")).Code);
        Assert.Equal(2, book.Meters.Count);
        Assert.Single(without.Meters);
    }

    [Fact]
    public void The_source_takes_records_and_refuses_others_unharmed()
    {
        var source = new ContractBookSource();
        foreach (var entry in Entries) Assert.True(source.TryApply(ContractBookSource.Key(entry.Kind, entry.Id), Value(entry), false, out _));
        var book = source.Current;
        Assert.True(book.Find("c", "m", At("2026-03-01T00:00:00")).Found);

        Assert.False(source.TryApply("meter/x"u8, Value(Entries[0]), false, out var other));
        Assert.Contains("meter/m", other, StringComparison.Ordinal);
        Assert.False(source.TryApply("thing/x"u8, Value(Entries[0]), false, out _));
        Assert.False(source.TryApply("meter/m"u8, [0, 0, 0, 0, 1, 99], false, out _));
        Assert.False(source.TryApply("meter/m"u8, Value(Entries[0] with { Body = "{}" }), false, out _));
        Assert.Same(book, source.Current);

        Assert.True(source.TryApply("customer/c"u8, default, true, out _));
        Assert.Equal("CUSTOMER_UNKNOWN", source.Current.Find("c", "m", At("2026-03-01T00:00:00")).Code);
    }

    static byte[] Value(ContractEntry entry)
    {
        var buffer = new ArrayBufferWriter<byte>();
        WireFormat.WriteHeader(buffer, 7);
        entry.Write(buffer);
        return buffer.WrittenSpan.ToArray();
    }
}
