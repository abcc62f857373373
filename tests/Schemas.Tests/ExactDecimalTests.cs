using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Streams.Schemas.Avro;

namespace Streams.Schemas.Tests;

public class ExactDecimalTests
{
    static readonly BigInteger Limit = BigInteger.Pow(10, 28) - 1;

    static IEnumerable<BigInteger> Numbers(int seed, int count)
    {
        Console.WriteLine($"seed {seed}");
        var random = new Random(seed);
        foreach (var edge in (BigInteger[])[0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, -32768, -32769, Limit, -Limit]) yield return edge;
        for (var i = 0; i < count; i++)
        {
            var digits = random.Next(1, 29);
            var text = string.Concat(Enumerable.Range(0, digits).Select(_ => random.Next(10)));
            yield return BigInteger.Parse(text, CultureInfo.InvariantCulture) * (random.Next(2) == 0 ? 1 : -1);
        }
    }

    [Fact]
    public void Avro_bytes_are_BigIntegers_shortest_twos_complement()
    {
        var buffer = new byte[16];
        foreach (var number in Numbers(11, 20_000))
        {
            var length = new ExactDecimal((Int128)number).ToAvro(buffer);
            Assert.Equal(number.ToByteArray(isBigEndian: true), buffer[..length]);
            Assert.Equal((Int128)number, ExactDecimal.FromAvro(buffer.AsSpan(0, length)).Unscaled);
        }
    }

    [Fact]
    public void Text_round_trips_and_is_plain()
    {
        foreach (var number in Numbers(12, 20_000))
        {
            var value = new ExactDecimal((Int128)number);
            var text = value.ToString();
            Assert.Equal(value, ExactDecimal.Parse(text));
            Assert.DoesNotContain("E", text, StringComparison.Ordinal);
            var point = text.IndexOf('.');
            var decimals = point < 0 ? 0 : text.Length - point - 1;
            Assert.Equal(number, BigInteger.Parse(text.Replace(".", ""), CultureInfo.InvariantCulture) * BigInteger.Pow(10, 9 - decimals));
        }
    }

    [Fact]
    public void Sums_are_BigIntegers_or_overflow()
    {
        var numbers = Numbers(13, 5_000).ToList();
        for (var i = 1; i < numbers.Count; i++)
        {
            var (a, b) = (numbers[i - 1], numbers[i]);
            var (x, y) = (new ExactDecimal((Int128)a), new ExactDecimal((Int128)b));
            if (BigInteger.Abs(a + b) > Limit) Assert.Throws<OverflowException>(() => x + y);
            else Assert.Equal(a + b, (BigInteger)(x + y).Unscaled);
            if (BigInteger.Abs(a - b) > Limit) Assert.Throws<OverflowException>(() => x - y);
            else Assert.Equal(a - b, (BigInteger)(x - y).Unscaled);
            Assert.Equal(a.CompareTo(b), x.CompareTo(y));
        }
    }

    [Fact]
    public void Rounding_is_half_to_even()
    {
        foreach (var number in Numbers(14, 5_000))
        {
            for (var decimals = 0; decimals <= 9; decimals++)
            {
                var unit = BigInteger.Pow(10, 9 - decimals);
                var down = BigInteger.Divide(number - ((number % unit + unit) % unit), unit);
                var rest = number - down * unit;
                var expected = (rest * 2 > unit || (rest * 2 == unit && !down.IsEven) ? down + 1 : down) * unit;
                if (BigInteger.Abs(expected) > Limit) Assert.Throws<OverflowException>(() => new ExactDecimal((Int128)number).Round(decimals));
                else Assert.Equal(expected, (BigInteger)new ExactDecimal((Int128)number).Round(decimals).Unscaled);
            }
        }
    }

    [Theory]
    [InlineData("0.5", 0, "0")]
    [InlineData("1.5", 0, "2")]
    [InlineData("2.5", 0, "2")]
    [InlineData("-0.5", 0, "0")]
    [InlineData("-1.5", 0, "-2")]
    [InlineData("2.675", 2, "2.68")]
    [InlineData("2.665", 2, "2.66")]
    public void Rounding_examples(string value, int decimals, string expected) => Assert.Equal(expected, ExactDecimal.Parse(value).Round(decimals).ToString());

    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0", "0")]
    [InlineData("007.500", "7.5")]
    [InlineData("0.000000001", "0.000000001")]
    [InlineData("1.0000000000", "1")]
    [InlineData("9999999999999999999.999999999", "9999999999999999999.999999999")]
    public void Parses(string text, string expected) => Assert.Equal(expected, ExactDecimal.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("+5")]
    [InlineData("1e5")]
    [InlineData("1,000")]
    [InlineData(" 1")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1.2.3")]
    [InlineData("--1")]
    [InlineData("٣")]
    [InlineData("0.0000000001")]
    [InlineData("10000000000000000000")]
    [InlineData("00000000000000000000000000000000000000000000000000000000000000001")]
    public void Refuses(string text)
    {
        Assert.False(ExactDecimal.TryParse(text, out _, out var reason));
        Assert.NotNull(reason);
        Assert.Throws<FormatException>(() => ExactDecimal.Parse(text));
    }

    [Fact]
    public void Avro_bytes_out_of_range_are_refused()
    {
        Assert.Throws<AvroException>(() => ExactDecimal.FromAvro([]));
        Assert.Throws<AvroException>(() => ExactDecimal.FromAvro(new byte[17]));
        Assert.Throws<AvroException>(() => ExactDecimal.FromAvro((Limit + 1).ToByteArray(isBigEndian: true)));
        Assert.Throws<AvroException>(() => ExactDecimal.FromAvro((-Limit - 1).ToByteArray(isBigEndian: true)));
        Assert.Equal(-1, ExactDecimal.FromAvro([0xFF, 0xFF, 0xFF]).Unscaled);
    }

    [Fact]
    public void Json_is_a_string_and_numbers_are_read()
    {
        Assert.Equal("\"-12.5\"", JsonSerializer.Serialize(ExactDecimal.Parse("-12.5")));
        Assert.Equal(ExactDecimal.Parse("12.5"), JsonSerializer.Deserialize<ExactDecimal>("12.50"));
        Assert.Equal(ExactDecimal.Parse("12.5"), JsonSerializer.Deserialize<ExactDecimal>("\"12.5\""));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<ExactDecimal>("1e3"));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<ExactDecimal>("true"));
    }
}
