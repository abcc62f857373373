namespace Streams.Streaming.Conformance.Tests;

/// <summary>An operator, or a variant of it, of the name that java/ builds the same topology under.</summary>
sealed record Case(string Name, Shape Shape, Func<Topology> Build);

/// <summary>All cases, by name.</summary>
static class Catalogue
{
    public static IReadOnlyDictionary<string, Case> Cases { get; } = new SortedDictionary<string, Case>(
        new[] { StatelessCases.All(), AggregateCases.All(), TableCases.All(), WindowCases.All(), SuppressCases.All(), JoinCases.All() }
            .SelectMany(cases => cases).ToDictionary(c => c.Name, StringComparer.Ordinal),
        StringComparer.Ordinal);

    public static TheoryData<string> Names => [.. Cases.Keys];
}
