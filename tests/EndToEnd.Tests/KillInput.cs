using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Streams.EndToEnd.Tests;

/// <summary>Two years of usage of forty customers, a file a month: the same for every run, and cut up as a test likes it.</summary>
static class KillInput
{
    public const int Months = 24;

    const int Customers = 40;
    const int RowsPerMonth = 125;

    static readonly DateTime Start = new(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public static string Mapping => """
        {"id": "kill-usage", "source": "kill-usage", "time": {"column": "TIME", "format": "yyyy-MM-dd HH:mm:ss.fff", "zone": "UTC"}, "customer": {"column": "CUSTOMER"},
         "events": [{"meter": "llm.input.tokens", "column": "INPUT"}, {"meter": "llm.output.tokens", "column": "OUTPUT"}], "sort": true}
        """;

    public static string Contracts => new JsonObject
    {
        ["meters"] = new JsonArray(Meter("llm.input.tokens"), Meter("llm.output.tokens")),
        ["customers"] = new JsonArray([.. Enumerable.Range(0, Customers).Select(Customer)]),
        ["priceBooks"] = new JsonArray(new JsonObject
        {
            ["id"] = "kill-prices", ["currency"] = "USD",
            ["versions"] = new JsonArray(new JsonObject
            {
                ["version"] = 1, ["from"] = "2024-01-01",
                ["charges"] = new JsonArray(Charge("llm.input.tokens", ("3000", "0.0123"), (null, "0.0101")), Charge("llm.output.tokens", (null, "0.0457"))),
            }),
        }),
        ["contracts"] = new JsonArray([.. Enumerable.Range(0, Customers).Select(Contract)]),
    }.ToJsonString();

    /// <summary>The lines of <paramref name="count"/> months from <paramref name="first"/> (0 to 23), not quite in order of time.</summary>
    public static string Csv(int first, int count)
    {
        var text = new StringBuilder("TIME,CUSTOMER,INPUT,OUTPUT\n");
        for (var month = first; month < first + count; month++)
        {
            // A seed for each month: its lines are the same whatever they are cut into.
            var random = new Random(7919 * (month + 1));
            // Not in the first hours: the close of the month before reaches into them.
            var begin = Start.AddMonths(month).AddHours(3);
            var step = (Start.AddMonths(month + 1).AddHours(-2) - begin) / RowsPerMonth;
            for (var row = 0; row < RowsPerMonth; row++)
            {
                var at = begin + step * row + TimeSpan.FromMilliseconds(random.Next(3_600_000));
                text.Append(CultureInfo.InvariantCulture, $"{at:yyyy-MM-dd HH:mm:ss.fff},{Id((row * 7) % Customers)},{random.Next(1, 5000)},{random.Next(1, 900)}\n");
            }
        }
        return text.ToString();
    }

    /// <summary>The moment through which the books are closed once the month (0 to 23) is over.</summary>
    public static string CloseOf(int month) => Start.AddMonths(month + 1).AddHours(2).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    static string Id(int index) => string.Create(CultureInfo.InvariantCulture, $"cust-{index:D2}");

    static JsonNode Meter(string id) => new JsonObject { ["id"] = id, ["unit"] = "token", ["product"] = "llm" };

    static JsonNode Customer(int index) => new JsonObject
    {
        ["id"] = Id(index), ["name"] = Id(index), ["legalEntity"] = "US01", ["erpIds"] = new JsonObject { ["netsuite"] = (2000 + index).ToString(CultureInfo.InvariantCulture) },
    };

    static JsonNode Contract(int index) => new JsonObject
    {
        ["id"] = $"{Id(index)}-contract", ["customer"] = Id(index), ["currency"] = "USD", ["grace"] = "PT1H",
        ["versions"] = new JsonArray(new JsonObject { ["version"] = 1, ["from"] = "2024-01-01T00:00:00Z", ["to"] = null, ["priceBook"] = "kill-prices", ["entitlements"] = new JsonArray(Entitlement()) }),
    };

    /// <summary>Monthly, with roll-over: what is told of one month follows from all before.</summary>
    static JsonNode Entitlement() => new JsonObject
    {
        ["type"] = "metered", ["feature"] = "tokens", ["meter"] = "llm.input.tokens", ["limit"] = "6000", ["rollOver"] = "4000", ["alerts"] = new JsonArray("40", "80"),
    };

    static JsonNode Charge(string meter, params (string? UpTo, string Price)[] tiers) => new JsonObject
    {
        ["kind"] = "usage", ["id"] = meter, ["product"] = "llm", ["meter"] = meter,
        ["price"] = new JsonObject
        {
            ["model"] = "graduated", ["tiers"] = new JsonArray([.. tiers.Select(t => new JsonObject { ["upTo"] = t.UpTo, ["unit"] = t.Price })]),
        },
    };
}
