using System.Globalization;

namespace Streams.EndToEnd.Tests;

/// <summary>What a file's usage must cost, by a plain loop over its lines with System.Decimal. Shares no code with the product.</summary>
static class Oracle
{
    /// <summary>One fact as a human would read it off the file.</summary>
    public sealed record Fact(string Customer, string Meter, DateTime At, decimal Quantity);

    /// <summary>A rated minute.</summary>
    public sealed record Charge(long Events, decimal Quantity, decimal Amount);

    /// <summary>Prices by meter: (up to, unit price) from the lowest tier up; null for without end.</summary>
    public static readonly Dictionary<string, (decimal? UpTo, decimal Price)[]> Prices = new()
    {
        ["llm.input.tokens"] = [(100_000m, 0.000003m), (1_000_000m, 0.0000025m), (null, 0.000002m)],
        ["llm.output.tokens"] = [(50_000m, 0.000015m), (null, 0.0000125m)],
        ["web.requests"] = [(10m, 0m), (100m, 0.0004m), (null, 0.00035m)],
        ["web.egress.bytes"] = [(1_000_000m, 0m), (null, 0.00000009m)],
    };

    /// <summary>Azure's LLM trace: two facts a row, customers dealt out by line number, the header being line 1.</summary>
    public static IEnumerable<Fact> AzureFacts(string path, int customers)
    {
        var line = 1;
        foreach (var text in File.ReadLines(path).Skip(1).Where(l => l.Trim().Length > 0))
        {
            var cells = text.Trim().Split(',');
            var at = DateTime.Parse(cells[0], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
            var customer = "cust-" + (++line % customers).ToString("D3", CultureInfo.InvariantCulture);
            yield return new(customer, "llm.input.tokens", at, decimal.Parse(cells[1], CultureInfo.InvariantCulture));
            yield return new(customer, "llm.output.tokens", at, decimal.Parse(cells[2], CultureInfo.InvariantCulture));
        }
    }

    /// <summary>A web server's log in the combined format: a request and, where stated, its bytes; the customer is the client's address.</summary>
    public static IEnumerable<Fact> AccessLogFacts(string path)
    {
        // One line of the recording is cut off in the middle of its last field: an odd number of quotes.
        foreach (var line in File.ReadLines(path).Where(l => l.Count(c => c == '"') % 2 == 0))
        {
            var client = line[..line.IndexOf(' ')];
            var stamp = line[(line.IndexOf('[') + 1)..line.IndexOf(']')];
            var at = DateTimeOffset.ParseExact(stamp, "dd/MMM/yyyy:HH:mm:ss zzz", CultureInfo.InvariantCulture).UtcDateTime;
            var request = line.IndexOf('"');
            var closing = line.IndexOf("\" ", request + 1, StringComparison.Ordinal);
            while (!char.IsAsciiDigit(line[closing + 2])) closing = line.IndexOf("\" ", closing + 1, StringComparison.Ordinal);
            var cells = line[(closing + 2)..].Split(' ');
            yield return new(client, "web.requests", at, 1);
            if (cells[1] != "-") yield return new(client, "web.egress.bytes", at, decimal.Parse(cells[1], CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Charges by (customer, meter, minute): graduated over the calendar month, exact, half-even at nine decimals.</summary>
    public static Dictionary<(string Customer, string Meter, DateTime Minute), Charge> Rate(IEnumerable<Fact> facts)
    {
        var charges = new Dictionary<(string, string, DateTime), Charge>();
        foreach (var series in facts.GroupBy(f => (f.Customer, f.Meter, Month: new DateTime(f.At.Year, f.At.Month, 1, 0, 0, 0, DateTimeKind.Utc))))
        {
            decimal used = 0;
            foreach (var minute in series.GroupBy(f => new DateTime(f.At.Ticks - f.At.Ticks % TimeSpan.TicksPerMinute, DateTimeKind.Utc)).OrderBy(g => g.Key))
            {
                var quantity = minute.Sum(f => f.Quantity);
                var amount = Price(series.Key.Meter, used + quantity) - Price(series.Key.Meter, used);
                charges[(series.Key.Customer, series.Key.Meter, minute.Key)] = new(minute.LongCount(), quantity, Math.Round(amount, 9, MidpointRounding.ToEven));
                used += quantity;
            }
        }
        return charges;
    }

    static decimal Price(string meter, decimal quantity)
    {
        decimal sum = 0, below = 0;
        foreach (var (upTo, price) in Prices[meter])
        {
            var top = Math.Min(quantity, upTo ?? quantity);
            if (top > below) sum += (top - below) * price;
            below = upTo ?? quantity;
            if (below >= quantity) break;
        }
        return sum;
    }
}
