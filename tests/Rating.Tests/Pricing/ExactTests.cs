using System.Numerics;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Tests.Pricing;

public sealed class ExactTests
{
    static Exact E(string text) => Exact.Parse(text);

    [Fact]
    public void Agrees_with_integers_of_any_size()
    {
        const int Seed = 20260401;
        var random = new Random(Seed);
        for (var i = 0; i < 20_000; i++)
        {
            var (a, b) = (Number(random), Number(random));
            var (x, y) = (E(a), E(b));
            var (p, q) = (Scaled(a), Scaled(b));
            var unit = BigInteger.Pow(10, 18);
            Same(p + q, unit, x + y, i);
            Same(p - q, unit, x - y, i);
            Same(p * q, unit * unit, x * y, i);
            if (!q.IsZero) Same(p * q.Sign, BigInteger.Abs(q), x / y, i);
            Assert.Equal(p.CompareTo(q), x.CompareTo(y));
            Assert.Equal(x, x + y - y);
            if (!q.IsZero) Assert.Equal(x, x / y * y);
            Assert.Equal(x.GetHashCode(), (x + y - y).GetHashCode());
        }

        static void Same(BigInteger numerator, BigInteger denominator, Exact actual, int i)
        {
            var expected = new ExactFractionText(numerator, denominator);
            Assert.True(expected.Equals(actual), $"seed {Seed}, case {i}: {numerator}/{denominator} is not {actual}");
        }
    }

    /// <summary>Compares by cross multiplication with the text of a number.</summary>
    readonly record struct ExactFractionText(BigInteger Numerator, BigInteger Denominator)
    {
        public bool Equals(Exact actual)
        {
            var text = actual.ToString();
            if (text.Contains('/')) return Numerator * BigInteger.Parse(text.Split('/')[1]) == BigInteger.Parse(text.Split('/')[0]) * Denominator;
            var point = text.IndexOf('.');
            var places = point < 0 ? 0 : text.Length - point - 1;
            return Numerator * BigInteger.Pow(10, places) == BigInteger.Parse(text.Replace(".", "")) * Denominator;
        }
    }

    [Theory]
    [InlineData("2.5", 0, "3", "2", "3", "2", "3", "2")]
    [InlineData("-2.5", 0, "-3", "-2", "-3", "-2", "-2", "-3")]
    [InlineData("3.5", 0, "4", "4", "4", "3", "4", "3")]
    [InlineData("1.005", 2, "1.01", "1", "1.01", "1", "1.01", "1")]
    [InlineData("-0.001", 2, "0", "0", "-0.01", "0", "0", "-0.01")]
    [InlineData("150", -2, "200", "200", "200", "100", "200", "100")]
    [InlineData("7", 2, "7", "7", "7", "7", "7", "7")]
    public void Rounds_by_mode(string value, int places, string halfUp, string halfEven, string up, string down, string ceiling, string floor)
    {
        var expected = new[] { halfUp, halfEven, up, down, ceiling, floor };
        var modes = new[] { RoundingMode.HalfUp, RoundingMode.HalfEven, RoundingMode.Up, RoundingMode.Down, RoundingMode.Ceiling, RoundingMode.Floor };
        Assert.Equal(expected, modes.Select(m => E(value).Round(places, m).ToString()));

        // The same through fractions: a third of three times the value.
        Assert.Equal(expected, modes.Select(m => (E(value) / 3 + E(value) / 3 + E(value) / 3).Round(places, m).ToString()));
    }

    [Theory]
    [InlineData("1", 3, "0.33", "0.33", "0.34", "0.33", "0.34", "0.33")]
    [InlineData("-2", 3, "-0.67", "-0.67", "-0.67", "-0.66", "-0.66", "-0.67")]
    public void Rounds_what_is_no_decimal(string value, int divisor, string halfUp, string halfEven, string up, string down, string ceiling, string floor) => Assert.Equal(
        [halfUp, halfEven, up, down, ceiling, floor],
        new[] { RoundingMode.HalfUp, RoundingMode.HalfEven, RoundingMode.Up, RoundingMode.Down, RoundingMode.Ceiling, RoundingMode.Floor }.Select(m => (E(value) / divisor).Round(2, m).ToString()));

    [Theory]
    [InlineData("JPY", "0")]
    [InlineData("USD", "0.12")]
    [InlineData("KWD", "0.123")]
    [InlineData("CLF", "0.1235")]
    public void Rounds_to_the_minor_unit(string currency, string expected) => Assert.Equal(E(expected), Rounding.ToMinorUnit(currency).Apply(E("0.12345")));

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("1.")]
    [InlineData(".5")]
    [InlineData("1e3")]
    [InlineData("1,000")]
    [InlineData("+1")]
    [InlineData("--1")]
    [InlineData("1.1.1")]
    [InlineData("0.1234567890123456789")]
    [InlineData("1234567890123456789012345678901234567")]
    public void Refuses_what_is_no_plain_decimal(string text) => Assert.Throws<FormatException>(() => E(text));

    [Fact]
    public void Numbers_beyond_the_limit_are_an_error_and_not_a_wrong_result()
    {
        var huge = E("999999999999999999999999999999");
        Assert.Throws<OverflowException>(() => Enumerable.Repeat(huge, 30).Aggregate(huge, (product, factor) => product * factor));
        Assert.Throws<OverflowException>(() => E("10000000000000000000").ToExactDecimal());
        Assert.Throws<DivideByZeroException>(() => huge / 0);
    }

    [Fact]
    public void Converts_from_and_to_nine_decimals()
    {
        Assert.Equal(E("12.5"), (Exact)ExactDecimal.Parse("12.5"));
        Assert.Equal(ExactDecimal.Parse("0.333333333"), (Exact.One / 3).ToExactDecimal());
        Assert.Equal("5.10", E("5.1").ToString(2));
        Assert.Equal("5", E("5").ToString(0));
        Assert.Equal("0.67", (Exact.One * 2 / 3).ToString(2));
    }

    static string Number(Random random)
    {
        var (whole, places) = (random.Next(1, 17), random.Next(0, 19));
        string Digits(int count) => string.Concat(Enumerable.Range(0, count).Select(_ => (char)('0' + random.Next(10))));
        return (random.Next(2) == 0 ? "-" : "") + Digits(whole) + (places == 0 ? "" : "." + Digits(places));
    }

    /// <summary>Times 10^18.</summary>
    static BigInteger Scaled(string text)
    {
        var point = text.IndexOf('.');
        var places = point < 0 ? 0 : text.Length - point - 1;
        return BigInteger.Parse(text.Replace(".", "")) * BigInteger.Pow(10, 18 - places);
    }
}
