using System.Globalization;
using Streams.Schemas;

namespace Streams.Aggregators.Tests.Entitlements;

/// <summary>A feature of the model: reset after so many hours of UTC (0: never).</summary>
sealed record NaiveFeature(string Name, string Meter, decimal Limit, int Hours, decimal? RollOver, bool Hard, params decimal[] Alerts);

/// <summary>
/// Entitlements, naively: every effect on use is kept in a list with the stream time at which it came, and everything is made again from the list. Decimals and
/// hours, nothing of the product.
/// </summary>
sealed class NaiveUse(NaiveFeature feature, string customer, DateTimeOffset begin)
{
    readonly List<(DateTimeOffset Time, decimal Amount, DateTimeOffset StreamTime)> _effects = [];

    public void Add(DateTimeOffset time, decimal amount, DateTimeOffset streamTime) => _effects.Add((time, amount, streamTime));

    public (decimal Allowed, decimal Used, List<string> Alerts) At(DateTimeOffset now)
    {
        var alerts = new List<string>();
        var (left, last) = (0m, IndexOf(now));
        for (var interval = 0; ; interval++)
        {
            var (allowed, used, told, limit) = (feature.Limit + RolledOver(left), 0m, 0m, false);
            foreach (var (time, amount, streamTime) in _effects)
            {
                // It counts if its interval is the one that runs when it comes; of the one before, it changes what rolled over.
                if (IndexOf(streamTime > time ? streamTime : time) != interval) continue;
                if (IndexOf(time) == interval - 1)
                {
                    left -= amount;
                    allowed = feature.Limit + RolledOver(left);
                }
                if (IndexOf(time) != interval) continue;
                used += amount;
                foreach (var percent in feature.Alerts.Where(p => p > told && used > 0 && used * 100 >= allowed * p))
                {
                    told = percent;
                    alerts.Add(Name(interval, $"threshold/{percent.ToString(CultureInfo.InvariantCulture)}"));
                }
                if (limit || used <= 0 || used < allowed) continue;
                limit = true;
                alerts.Add(Name(interval, "limit"));
            }
            if (interval == last) return (allowed, used, alerts);
            if (used != 0 || told > 0 || limit) alerts.Add(Name(interval, "reset"));
            left = allowed - used;
        }
    }

    decimal RolledOver(decimal left) => feature.RollOver is { } most ? Math.Min(most, Math.Max(left, 0)) : 0;

    string Name(int interval, string what) => $"{customer}/{feature.Name}/{(feature.Hours == 0 ? "1970-01-01T00:00:00Z" : Timestamp.From(begin.AddHours(interval * feature.Hours)).ToString())}/{what}";

    int IndexOf(DateTimeOffset time) => feature.Hours == 0 ? 0 : (int)Math.Floor((time - begin).TotalHours / feature.Hours);
}
