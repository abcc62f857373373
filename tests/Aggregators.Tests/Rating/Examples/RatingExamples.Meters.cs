namespace Streams.Aggregators.Tests.Rating.Examples;

/// <summary>Quantities rather than prices.</summary>
public sealed partial class RatingExamples
{
    const string Meters = "a meter makes the quantity; a price is put on it afterwards";

    [SkippableTheory, MemberData(nameof(Of), "aggregate")]
    public void Aggregate(string id) => Skip.If(true, $"{id}: {Meters}");

    [SkippableTheory, MemberData(nameof(Of), "weighted_sum")]
    public void Weighted_sum(string id) => Skip.If(true, $"{id}: {Meters}");

    [SkippableTheory, MemberData(nameof(Of), "unique_count")]
    public void Unique_count(string id) => Skip.If(true, $"{id}: {Meters}");

    [SkippableTheory, MemberData(nameof(Of), "unique_count_grouped")]
    public void Unique_count_grouped(string id) => Skip.If(true, $"{id}: {Meters}");

    [SkippableTheory, MemberData(nameof(Of), "unique_count_lifecycle")]
    public void Unique_count_lifecycle(string id) => Skip.If(true, $"{id}: {Meters}");
}
