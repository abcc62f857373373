using System.Buffers;
using Streams.Rating.Contracts;
using Streams.Rating.PlanContracts;
using Streams.Schemas;
using Streams.Schemas.Registry;

namespace Streams.Rating.Tests.Contracts;

public sealed class ContractBookTests
{
    const string Json = """
        {"meters":[{"id":"m","unit":"u","product":"p"},{"id":"n","unit":"u","product":"p"}],
         "customers":[{"id":"c","name":"C","legalEntity":"L"},{"id":"idle","name":"I","legalEntity":"L"}],
         "plans":[{"id":"one","currency":"USD","prices":{"m":[{"unitPrice":"1"}]}},{"id":"two","currency":"USD","prices":{"m":[{"unitPrice":"2"}]}}],
         "contracts":[{"id":"k","customer":"c","versions":[
            {"version":1,"from":"2026-01-01","to":"2026-02-01","plan":"one"},{"version":2,"from":"2026-02-01","plan":"two"}]}]}
        """;

    static readonly IReadOnlyList<ContractEntry> Entries = ContractFile.Parse(Json, "test", default);

    static Timestamp At(string utc) => Timestamp.From(DateTimeOffset.Parse(utc + "Z", System.Globalization.CultureInfo.InvariantCulture));

    [Theory]
    [InlineData("c", "m", "2026-01-01T00:00:00", null, 1)]
    [InlineData("c", "m", "2026-01-31T23:59:59.999999", null, 1)]
    [InlineData("c", "m", "2026-02-01T00:00:00", null, 2)]
    [InlineData("c", "m", "2025-12-31T23:59:59.999999", "NO_CONTRACT", 0)]
    [InlineData("c", "n", "2026-02-01T00:00:00", "METER_NOT_IN_PLAN", 0)]
    [InlineData("idle", "m", "2026-02-01T00:00:00", "NO_CONTRACT", 0)]
    [InlineData("nobody", "m", "2026-02-01T00:00:00", "CUSTOMER_UNKNOWN", 0)]
    public void Finds_the_version_in_force_or_says_why_not(string customer, string meter, string at, string? code, int version)
    {
        var terms = ContractBook.Of(Entries).Find(customer, meter, At(at));
        Assert.Equal(code, terms.Code);
        Assert.Equal(version, terms.Version?.Version ?? 0);
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
