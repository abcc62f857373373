using System.Globalization;
using System.Text.Json.Nodes;
using Streams.Schemas;

namespace Streams.Rating.Tests.Oracle;

/// <summary>Grants of units for a random contract's meters: priorities, expiry, recurrence, roll-over.</summary>
static class RandomGrants
{
    public static void Add(Random random, JsonObject file, JsonArray usage)
    {
        var version = file["contracts"]![0]!["versions"]![0]!.AsObject();
        var credits = version["credits"]?.AsObject() ?? [];
        var grants = credits["grants"]?.AsArray() ?? [];
        var start = DateTimeOffset.Parse((string)version["from"]!, CultureInfo.InvariantCulture);
        for (var i = random.Next(1, 5); i > 0; i--)
        {
            var grant = new JsonObject { ["id"] = $"u{i}", ["units"] = $"{random.Next(5, 150)}", ["meter"] = usage.Count == 0 ? "a" : (string)usage[random.Next(usage.Count)]!["meter"]!, ["priority"] = random.Next(2) };
            if (random.Next(3) == 0) grant["from"] = Time(start.AddDays(random.Next(50)));
            if (random.Next(3) == 0) grant["expires"] = Time(start.AddDays(random.Next(51, 120)));
            if (random.Next(3) > 0) grant["recurrence"] = random.Next(4) == 0 ? new JsonObject { ["every"] = $"P{random.Next(5, 40)}D" } : new JsonObject { ["months"] = random.Next(1, 3) };
            if (random.Next(3) > 0) grant["rollOver"] = new JsonObject { ["minimum"] = random.Next(3) == 0 ? "4" : "0", ["maximum"] = $"{random.Next(5, 150)}" };
            grants.Add(grant);
        }
        if (credits["grants"] is null) credits["grants"] = grants;
        if (version["credits"] is null) version["credits"] = credits;
    }

    static string Time(DateTimeOffset at) => Timestamp.From(at).ToString();
}
