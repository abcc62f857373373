using System.Reflection;
using Streams.Rating.Pricing;

namespace Streams.Rating.Tests.Examples;

/// <summary>
/// Worked examples from the tests and documents of other systems, one theory per model; each names its source. What cannot be expressed is skipped with its reason.
/// </summary>
public sealed partial class RatingExamples
{
    const string None = "(none)";

    /// <summary>The ids of a model's examples; one row that skips where the file has none.</summary>
    public static TheoryData<string> Of(string model) => Rows(ExampleFile.All.Where(e => e.Model == model));

    public static TheoryData<string> WithoutTheory() => Rows(ExampleFile.All.Where(e => !Models.Contains(e.Model)));

    static HashSet<string> Models { get; } = typeof(RatingExamples).GetMethods().SelectMany(m => m.GetCustomAttributes<MemberDataAttribute>())
        .Where(a => a.MemberName == nameof(Of)).Select(a => (string)a.Parameters![0]).ToHashSet(StringComparer.Ordinal);

    static TheoryData<string> Rows(IEnumerable<Example> examples)
    {
        var ids = examples.Select(e => e.Id).DefaultIfEmpty(None);
        return [.. ids];
    }

    static Example Read(string id)
    {
        Skip.If(id == None, "the file has no such example");
        return ExampleFile.Find(id);
    }

    [Fact]
    public void Every_example_of_ours_has_its_own_id_and_a_theory()
    {
        if (!ExampleFile.IsOurs) return;
        Assert.Equal(185, ExampleFile.All.Count);
        Assert.Equal(185, ExampleFile.All.Select(e => e.Id).Distinct(StringComparer.Ordinal).Count());
        Assert.DoesNotContain(ExampleFile.All, e => !Models.Contains(e.Model));
    }

    [SkippableTheory, MemberData(nameof(WithoutTheory))]
    public void Unknown_models(string id)
    {
        if (id != None) Skip.If(true, $"the model {ExampleFile.Find(id).Model} cannot be expressed");
    }

    [SkippableTheory, MemberData(nameof(Of), "per_unit")]
    public void Per_unit(string id) => Total(id);

    [SkippableTheory, MemberData(nameof(Of), "package")]
    public void Package(string id) => Total(id);

    [SkippableTheory, MemberData(nameof(Of), "graduated")]
    public void Graduated(string id) => Total(id);

    [SkippableTheory, MemberData(nameof(Of), "graduated_unit_flat_hack")]
    public void Graduated_with_a_first_unit_as_fee(string id) => Total(id, "graduated");

    [SkippableTheory, MemberData(nameof(Of), "volume")]
    public void Volume(string id) => Total(id);

    [SkippableTheory, MemberData(nameof(Of), "stairstep")]
    public void Stairstep(string id) => Total(id);

    [SkippableTheory, MemberData(nameof(Of), "dynamic")]
    public void Dynamic(string id) => Total(id);

    [SkippableTheory, MemberData(nameof(Of), "graduated_percentage")]
    public void Graduated_percentage(string id) => Total(id);

    static void Total(string id, string? model = null)
    {
        var example = Read(id);
        var charge = ExampleTerms.Charge(example, model);
        var usage = ExampleTerms.Usage(example.Usage);
        var line = charge.Explain(usage);
        example.Equal("total", line.Amount);
        if (example.Expected.Has("lines")) Lines(example, line);
        Assert.Equal(line.Amount, charge.Rate(usage).Amount);
        example.EverythingRead();
    }

    /// <summary>Sources do not agree on whether a tier without a price is a line, so only what costs something is compared.</summary>
    static void Lines(Example example, RatedLine line) => Assert.Equal(
        example.Expected.Numbers("lines").Where(a => !a.IsZero),
        line.Steps.Where(s => s.Kind is StepKind.Tier or StepKind.FlatFee or StepKind.Unit or StepKind.Package && !s.Amount.IsZero).Select(s => s.Amount));
}
