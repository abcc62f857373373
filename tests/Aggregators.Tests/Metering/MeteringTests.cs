using System.Text;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Rating;
using Streams.Schemas;
using Streams.Rating.Contracts;
using static Streams.Aggregators.Tests.Metering.Bench;

namespace Streams.Aggregators.Tests.Metering;

public sealed class MeteringTests
{
    const long Second = 1_000_000, Minute = 60 * Second, Hour = 60 * Minute;

    [Theory]
    [InlineData(90 * Second - 1, 0)]
    [InlineData(90 * Second, 1)]
    public void An_event_is_late_from_its_windows_end_and_grace_on(long streamTime, int late)
    {
        using var bench = new Bench();
        bench.Send(Event("1", Noon + streamTime));
        bench.Send(Event("2", Noon + Minute - 1));
        Assert.Equal(late, bench.Commit().Late);
        Assert.Equal(late, bench.Driver.ReadOutput(Topics.UsageLate).Count);
    }

    [Theory]
    [InlineData(Hour, 1)]
    [InlineData(Hour + 1, 0)]
    public void An_identity_is_a_duplicate_for_an_hour_of_stream_time(long streamTime, int duplicates)
    {
        using var bench = new Bench();
        bench.Send(Event("1", Noon));
        bench.Flush(Noon + streamTime);
        bench.Send(Event("1", Noon + streamTime));
        Assert.Equal(duplicates, bench.Commit().Duplicate);
    }

    [Fact]
    public void A_late_event_is_not_remembered_and_late_comes_before_duplicate()
    {
        using var bench = new Bench();
        bench.Send(Event("1", Noon));
        bench.Flush(Noon + 2 * Minute);
        bench.Send(Event("1", Noon));
        bench.Send(Event("2", Noon));
        bench.Send(Event("2", Noon + 2 * Minute));
        var counts = bench.Commit();
        Assert.Equal((2, 0, 2, 1), (counts.Accepted, counts.Duplicate, counts.Late, counts.Control));
    }

    [Fact]
    public void Windows_that_close_together_come_in_the_order_of_time_customer_and_meter()
    {
        using var bench = new Bench();
        bench.Send(Event("1", Noon + Minute, customer: "a"));
        bench.Send(Event("2", Noon, customer: "b"));
        bench.Send(Event("3", Noon, customer: "ä"));
        bench.Send(Event("4", Noon, customer: "a", meter: "n"));
        bench.Send(Event("5", Noon, customer: "a1"));
        bench.Send(Event("6", Noon, customer: "a"));
        bench.Flush(Noon + Hour);
        Assert.Equal(["a m", "a n", "a1 m", "b m", "ä m", "a m"], bench.Rated().Select(r => $"{r.CustomerId} {r.Meter}"));
    }

    [Fact]
    public void A_window_is_rated_on_its_months_quantity()
    {
        using var bench = new Bench();
        var month = BillingPeriod.End(BillingPeriod.Of(Noon));
        bench.Send(Event("1", month - Minute, "15"));
        bench.Send(Event("2", month, "12"));
        bench.Send(Event("3", month + Minute - 1, "1"));
        bench.Flush(month + Hour);
        Assert.Equal(["15 15 12.5", "13 13 11.5"], bench.Rated().Select(r => $"{r.Quantity} {r.PeriodQuantity} {r.Amount}"));
    }

    [Fact]
    public void A_record_in_place_is_the_records_own_bytes_and_carries_its_lineage()
    {
        using var bench = new Bench();
        bench.Flush(Noon);
        bench.Send(Event("1", Noon, "2"));
        bench.Send(Event("1", Noon, "2"));
        bench.Send(Event("2", Noon + 1, "0.5"));
        bench.Flush(Noon + Hour);
        var output = Assert.Single(bench.Driver.ReadOutput(Topics.UsageRated));
        var expected = new RatedUsage
        {
            CustomerId = "c",
            Meter = "m",
            WindowStart = new(Noon),
            WindowEnd = new(Noon + Minute),
            Events = 2,
            Quantity = ExactDecimal.Parse("2.5"),
            PeriodQuantity = ExactDecimal.Parse("2.5"),
            Amount = ExactDecimal.Parse("2.5"),
            Currency = "USD",
            SourcePartition = 0,
            FirstOffset = 1,
            LastOffset = 3,
        };
        Assert.Equal(expected, RatedUsage.Read(output.Value.AsSpan(5)));
        Assert.Equal((Noon + Minute) / 1000 - 1, output.Timestamp);
        Assert.Equal("c"u8.ToArray(), output.Key);
    }

    [Fact]
    public void Terms_are_those_of_the_windows_opening()
    {
        var source = new ContractBookSource(BookOf("1"));
        using var bench = new Bench(terms: new BookTerms(source));
        bench.Send(Event("1", Noon));
        source.TryApply("priceBook/p"u8, ContractValue(BookEntries("7").Single(e => e.Kind == EntryKind.PriceBook)), false, out _);
        bench.Send(Event("2", Noon + 1));
        bench.Commit();
        bench.Driver.Restart();
        bench.Send(Event("3", Noon + 2));
        bench.Send(Event("4", Noon + Minute));
        bench.Flush(Noon + Hour);
        Assert.Equal(["3", "7"], bench.Rated().Select(r => r.Amount.ToString()));
    }

    [Fact]
    public void Without_a_contract_an_event_is_parked_and_may_come_again()
    {
        var source = new ContractBookSource();
        using var bench = new Bench(terms: new BookTerms(source));
        bench.Send(Event("1", Noon));
        var parked = Assert.Single(bench.Driver.ReadOutput(Topics.UsageParked));
        Assert.Equal("METER_UNKNOWN", Code(parked));
        foreach (var entry in BookEntries("1")) source.TryApply(ContractBookSource.Key(entry.Kind, entry.Id), ContractValue(entry), false, out _);
        bench.Send(parked.Key, parked.Value);
        bench.Send(Event("2", Noon, customer: "nobody"));
        var counts = bench.Commit();
        Assert.Equal((1, 2, 0), (counts.Accepted, counts.Parked, counts.Duplicate));
    }

    public static TheoryData<string, byte[]?, byte[]?> Bad()
    {
        var good = Event("1", Noon);
        var key = "c"u8.ToArray();
        return new()
        {
            { "VALUE_MISSING", key, null },
            { "WIRE_FORMAT", key, [1, 2, 3] },
            { "WIRE_FORMAT", key, [] },
            { "AVRO_MALFORMED", key, Encode(good)[..^1] },
            { "AVRO_MALFORMED", key, [.. Encode(good), 0] },
            { "KEY_MISSING", null, Encode(good) },
            { "KEY_MISMATCH", "d"u8.ToArray(), Encode(good) },
            { "ID_TEXT_EMPTY", key, Encode(good with { Id = "" }) },
            { "ID_TEXT_TOO_LONG", key, Encode(good with { Id = new('x', 1025) }) },
            { "SOURCE_TEXT_CONTROL_CHARACTER", key, Encode(good with { Source = "a\0b" }) },
            { "CUSTOMER_TEXT_EMPTY", [], Encode(good with { CustomerId = "" }) },
            { "METER_TEXT_CONTROL_CHARACTER", key, Encode(good with { Meter = "m\u0085" }) },
            { "ID_TEXT_NOT_UTF8", key, Replace(Encode(good with { Id = "\u00E9" }), 0xC3, 0xFF) },
            { "TIME_OUT_OF_RANGE", key, Encode(good with { OccurredAt = new(BillingPeriod.Start(2000 * 12) - 1) }) },
            { "TIME_OUT_OF_RANGE", key, Encode(good with { OccurredAt = new(long.MaxValue) }) },
            { "QUANTITY_NEGATIVE", key, Encode(good with { Quantity = ExactDecimal.Parse("-0.000000001") }) },
            { "QUANTITY_TOO_LARGE", key, Encode(good with { Quantity = ExactDecimal.Parse("1000000000000.1") }) },
        };
    }

    [Theory, MemberData(nameof(Bad))]
    public void Bad_input_is_kept_with_its_code_and_changes_nothing(string code, byte[]? key, byte[]? value)
    {
        using var bench = new Bench();
        bench.Send(Event("0", Noon));
        bench.Send(key, value);
        bench.Send(Event("2", Noon));
        var dead = Assert.Single(bench.Driver.ReadOutput(Topics.UsageDeadLetters));
        Assert.Equal(code, Code(dead));
        Assert.Equal(key, dead.Key);
        Assert.Equal(value, dead.Value);
        var counts = bench.Commit();
        Assert.Equal((3, 2, 1), (counts.Records, counts.Accepted, counts.DeadLettered));
        Assert.Equal(Noon, counts.StreamTime.Micros);
    }

    static byte[] Replace(byte[] bytes, byte from, byte to)
    {
        bytes[Array.LastIndexOf(bytes, from)] = to;
        return bytes;
    }

    static string Code(Streams.Streaming.TestOutput output) => Encoding.UTF8.GetString(output.Headers!.GetLastBytes(DeadLetterHeaders.Code));

    static ContractBook BookOf(string price) => ContractBook.Of(BookEntries(price));

    static IReadOnlyList<ContractEntry> BookEntries(string price) => ContractFile.Parse($$"""
        {"meters":[{"id":"m","unit":"u","product":"p"}],"customers":[{"id":"c","name":"C","legalEntity":"L"}],
         "priceBooks":[{"id":"p","currency":"USD","versions":[{"version":1,"from":"2026-01-01","charges":[
            {"kind":"usage","id":"m","product":"p","meter":"m","price":{"model":"perUnit","unitPrice":"{{price}}"} }]}]}],
         "contracts":[{"id":"k","customer":"c","currency":"USD","versions":[{"version":1,"from":"2026-01-01","priceBook":"p"}]}]}
        """, "test", default);

    static byte[] ContractValue(ContractEntry entry)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        Streams.Schemas.Registry.WireFormat.WriteHeader(buffer, 1);
        entry.Write(buffer);
        return buffer.WrittenSpan.ToArray();
    }
}
