using Streams.Schemas.Identity;

namespace Streams.Schemas.Tests;

public class ValueTypeTests
{
    [Fact]
    public void Posting_key_is_the_agreed_one() =>
        Assert.Equal("DJ6VKWABMY4Z6QQ1", PostingKey.Create("acme", "US01", "AR_INVOICE", "2026-07", "USD", "cust-42", 1));

    [Fact]
    public void Posting_key_refuses_parts_that_could_be_read_otherwise()
    {
        Assert.Throws<ArgumentException>(() => PostingKey.Create("acme", "", "AR_INVOICE", "2026-07", "USD", "cust-42", 1));
        Assert.Throws<ArgumentException>(() => PostingKey.Create("acme", "US|01", "AR_INVOICE", "2026-07", "USD", "cust-42", 1));
        Assert.NotEqual(PostingKey.Create("a", "b", "c", "d", "e", "f", 1), PostingKey.Create("a", "b", "c", "d", "e", "f", 2));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1999, 1)]
    [InlineData(-1, -1)]
    [InlineData(-1000, -1)]
    [InlineData(-1001, -2)]
    [InlineData(long.MinValue, -9223372036854776)]
    [InlineData(long.MaxValue, 9223372036854775)]
    public void Millis_are_rounded_down(long micros, long millis) => Assert.Equal(millis, new Timestamp(micros).Millis);

    [Fact]
    public void Timestamps_show_as_iso_8601_where_they_can()
    {
        Assert.Equal("1970-01-01T00:00:00Z", default(Timestamp).ToString());
        Assert.Equal("2026-01-31T23:30:00.000001Z", Timestamp.From(new(2026, 1, 31, 23, 30, 0, TimeSpan.Zero)).Micros is var m ? new Timestamp(m + 1).ToString() : "");
        Assert.Equal("9223372036854775807us", new Timestamp(long.MaxValue).ToString());
        Assert.False(new Timestamp(long.MinValue).IsRepresentable);
    }

    [Theory]
    [InlineData("2.675", "USD", "2.68")]
    [InlineData("2.5", "JPY", "2")]
    [InlineData("1.2345", "KWD", "1.234")]
    [InlineData("1.23455", "CLF", "1.2346")]
    public void Money_rounds_to_the_minor_unit(string amount, string currency, string expected) =>
        Assert.Equal(new Money(ExactDecimal.Parse(expected), currency), new Money(ExactDecimal.Parse(amount), currency).ToMinorUnits());

    [Fact]
    public void Currencies_never_meet()
    {
        var (euro, dollar) = (new Money(ExactDecimal.FromInteger(1), "EUR"), new Money(ExactDecimal.FromInteger(1), "USD"));
        Assert.Throws<InvalidOperationException>(() => euro + dollar);
        Assert.Throws<InvalidOperationException>(() => euro - dollar);
        Assert.Equal("2 EUR", (euro + euro).ToString());
    }
}
