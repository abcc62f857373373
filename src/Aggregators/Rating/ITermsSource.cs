using System.Text.Json;
using Streams.Schemas;
using Streams.Rating.Contracts;

namespace Streams.Aggregators.Rating;

/// <summary>Terms and how long they hold, or the code of why there are none.</summary>
public readonly record struct TermsAnswer(string? Code, Terms? Terms, Timestamp Until);

/// <summary>Where a window's terms come from.</summary>
public interface ITermsSource
{
    /// <summary>Another object after every change: an answer holds as long as this is the same.</summary>
    object Edition { get; }

    /// <summary>The terms in force for a customer's meter at a window's start.</summary>
    TermsAnswer Find(string customer, string meter, Timestamp at);

    /// <summary>The contracts behind the terms; null: there are none, and nothing but windows is priced.</summary>
    ContractBook? Book => Contracts?.Current;

    /// <summary>Where these contracts come from, so that a task can follow their changes.</summary>
    ContractBookSource? Contracts => null;
}

/// <summary>Terms from the contracts topic.</summary>
public sealed class BookTerms(ContractBookSource source) : ITermsSource
{
    public const string MeterUnknown = "METER_UNKNOWN";

    public object Edition => source.Current;

    public ContractBookSource? Contracts => source;

    public TermsAnswer Find(string customer, string meter, Timestamp at) => Find(source.Current, customer, meter, at);

    /// <summary>The terms that a book has in force.</summary>
    public static TermsAnswer Find(ContractBook book, string customer, string meter, Timestamp at)
    {
        if (!book.Meters.TryGetValue(meter, out var definition)) return new(MeterUnknown, null, at);
        var found = book.Find(customer, meter, at);
        if (!found.Found) return new(found.Code, null, at);
        var rates = WindowPrice.RatesOf(found.Contract!.Currency, definition, found.Charges);
        var terms = new Terms(found.Contract.Id, found.Version!.Version, found.Customer!.LegalEntity, definition.Product, rates);
        return new(null, terms, book.NextChange(customer, at));
    }
}

/// <summary>The same prices for every customer at all times: <c>{"currency": "USD", "meters": {"&lt;meter&gt;": [{"upTo", "unitPrice"}]}}</c>.</summary>
public sealed class FixedTerms : ITermsSource
{
    readonly Dictionary<string, Terms> _byMeter = new(StringComparer.Ordinal);

    FixedTerms()
    {
    }

    public object Edition => this;

    public TermsAnswer Find(string customer, string meter, Timestamp at) =>
        _byMeter.TryGetValue(meter, out var terms) ? new(null, terms, new(long.MaxValue)) : new(BookTerms.MeterUnknown, null, at);

    /// <exception cref="JsonException">Not such a file.</exception>
    public static FixedTerms Parse(ReadOnlyMemory<byte> json)
    {
        var file = JsonSerializer.Deserialize<PlanFile>(json.Span, JsonSerializerOptions.Web) ?? throw new JsonException("The plan is null");
        var source = new FixedTerms();
        foreach (var (meter, tiers) in file.Meters) source._byMeter[meter] = new("plan", 1, "plan", meter, new(file.Currency, tiers));
        return source;
    }

    sealed record PlanFile(string Currency, Dictionary<string, List<RateTier>> Meters);
}
