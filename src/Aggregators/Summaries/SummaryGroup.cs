using System.Globalization;
using Streams.Schemas;

namespace Streams.Aggregators.Summaries;

/// <summary>What comes into one journal.</summary>
/// <param name="Rule">The rule's name.</param>
/// <param name="Customer">The customer, or the rule's name where it is of all.</param>
/// <param name="Bucket">The date (yyyy-MM-dd) or the month (yyyy-MM).</param>
readonly record struct SummaryGroup(string Rule, string Tenant, string LegalEntity, string Currency, string Customer, string Bucket)
{
    const char Separator = '\u001F';

    public static SummaryGroup Of(SummaryRule rule, ErpDocument document) => new(
        rule.Name, document.Tenant, document.LegalEntity, document.Currency, rule.Per == SummaryPer.Customer ? document.CustomerId : rule.Name,
        document.DocumentDate.ToString(rule.Per == SummaryPer.Day ? "yyyy-MM-dd" : "yyyy-MM", CultureInfo.InvariantCulture));

    /// <exception cref="FormatException">The text was not written by <see cref="ToString"/>.</exception>
    public static SummaryGroup Parse(string text) => text.Split(Separator) is [var rule, var tenant, var entity, var currency, var customer, var bucket]
        ? new(rule, tenant, entity, currency, customer, bucket) : throw new FormatException($"'{text}' is no group of a summary");

    /// <summary>The date of the journal: the day, or the month's last one.</summary>
    public DateOnly Date => Bucket.Length > 7 ? DateOnly.ParseExact(Bucket, "yyyy-MM-dd", CultureInfo.InvariantCulture)
        : DateOnly.ParseExact(Bucket + "-01", "yyyy-MM-dd", CultureInfo.InvariantCulture).AddMonths(1).AddDays(-1);

    /// <summary>When its day or month is over (UTC), in milliseconds since the epoch.</summary>
    public long EndMs => new DateTimeOffset(Date.AddDays(1).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).ToUnixTimeMilliseconds();

    public override string ToString() => string.Join(Separator, Rule, Tenant, LegalEntity, Currency, Customer, Bucket);
}
