using System.Globalization;
using System.Text.Json.Nodes;

namespace Streams.Rating.Tests.Oracle;

/// <summary>Numbers of a case, as the decimal text that both sides read.</summary>
sealed class RandomNumbers(int seed)
{
    readonly Random _random = new(seed);

    public int Below(int bound) => _random.Next(bound);

    public bool Chance(int percent) => _random.Next(100) < percent;

    public T One<T>(params T[] values) => values[_random.Next(values.Length)];

    /// <summary>A decimal of up to so many places; small whole numbers are frequent.</summary>
    public string Decimal(int whole, int places)
    {
        var digits = Chance(40) ? 0 : _random.Next(places + 1);
        var text = _random.Next(whole).ToString(CultureInfo.InvariantCulture);
        if (digits == 0) return text;
        return text + "." + string.Concat(Enumerable.Range(0, digits).Select(_ => (char)('0' + _random.Next(10))));
    }

    public string Positive(int whole, int places)
    {
        var text = Decimal(whole, places);
        return text.Any(c => c is >= '1' and <= '9') ? text : "1";
    }

    /// <summary>A decimal of two places from a bound on.</summary>
    public string From(int least, int width) => Text(least + decimal.Parse(Decimal(width, 2), CultureInfo.InvariantCulture));

    public JsonNode? Maybe(int percent, Func<JsonNode?> value) => Chance(percent) ? value() : null;

    /// <summary>Rising ends, the last one open.</summary>
    public List<decimal?> Ends()
    {
        var ends = new List<decimal?>();
        var end = 0m;
        for (var i = Below(4); i > 0; i--) ends.Add(end += decimal.Parse(Positive(50, 2), CultureInfo.InvariantCulture));
        ends.Add(null);
        return ends;
    }

    /// <summary>A quantity: at an end, just below or above it, zero, or anything.</summary>
    public decimal Quantity(IReadOnlyList<decimal> ends)
    {
        if (Chance(10)) return 0;
        if (ends.Count > 0 && Chance(50))
        {
            var step = One(0m, 1m, -1m, 0.000000001m, -0.000000001m);
            return Math.Max(0, ends[Below(ends.Count)] + step);
        }
        return decimal.Parse(Decimal(One(10, 200, 1_000_000_000), 9), CultureInfo.InvariantCulture);
    }

    public static string Text(decimal value) => value.ToString(CultureInfo.InvariantCulture);
}
