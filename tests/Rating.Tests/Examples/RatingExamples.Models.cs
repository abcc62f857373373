using Streams.Rating.Pricing;

namespace Streams.Rating.Tests.Examples;

/// <summary>Models that price items, changes and growth.</summary>
public sealed partial class RatingExamples
{
    [SkippableTheory, MemberData(nameof(Of), "percentage")]
    public void Percentage(string id)
    {
        var example = Read(id);
        example.Equal("total", ExampleTerms.Charge(example).Rate(new(Usage.Of(example.Usage.Numbers("events")))).Amount);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "dynamic_precise_cents")]
    public void Dynamic_in_minor_units(string id)
    {
        var example = Read(id);
        example.Equal("total", new DynamicPrice(Exact.Percent(1)).Price(example.Usage.Number("preciseTotalAmountCents")));
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "graduated_percentage_cumulative")]
    public void Graduated_percentage_that_accumulates_over_a_year(string id)
    {
        var example = Read(id);
        Skip.IfNot(example.Params.Text("tierAccumulation") == "P1Y" && example.Params.Text("invoicePeriod") == "P1M", "only years in months are expressed");
        var price = ExampleTerms.Model(example.Params, "graduated_percentage");
        var before = Exact.Zero;
        var months = new List<Exact>();
        foreach (var month in example.Usage.Numbers("months"))
        {
            months.Add(price.Between(before, before + month));
            before += month;
        }
        example.Equal("monthTotals", months);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "prorated_graduated")]
    public void Prorated_graduated(string id)
    {
        var example = Read(id);
        var price = new ProratedGraduated(ExampleTerms.Tiers(example.Params), flatAtZeroUsage: true);
        example.Equal("total", price.Price(example.Usage.Table("events").Select(e => new ProratedUnits(e[0], e[1])).ToList(), default));
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "volume_prorated")]
    public void Volume_prorated(string id)
    {
        var example = Read(id);
        example.Equal("total", new Volume(ExampleTerms.Tiers(example.Params)).PriceProrated(example.Usage.Number("fullUnits"), example.Usage.Number("proratedUnits"), default));
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "volume_cumulative_increment")]
    public void Volume_growth_at_the_tier_reached(string id)
    {
        var example = Read(id);
        var before = example.Usage.Number("cumulativeBefore");
        var price = new Volume(ExampleTerms.Tiers(example.Params), growth: VolumeGrowth.AtReachedTier);
        example.Equal("total", price.Between(before, before + example.Usage.Number("increment")));
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "block_tiers")]
    public void Block_tiers(string id)
    {
        var example = Read(id);
        var tiers = example.Params.Objects("tiers").Select(t => new BlockTier(t.Number("size"), t.Has("maxBlocks") ? t.Int("maxBlocks") : null, t.Number("price"))).ToList();
        var policy = example.Params.Text("policy") == "TOP_TIER" ? BlockPolicy.TopTier : BlockPolicy.AllTiers;
        example.Equal("total", new BlockTiers(tiers, policy).Price(example.Usage.Number("quantity")));
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "capacity_tiers")]
    public void Capacity_tiers(string id)
    {
        var example = Read(id);
        var tiers = example.Params.Objects("tiers").Select(t =>
        {
            var limits = t.Object("max");
            return new CapacityTier(limits.Names.ToDictionary(n => n, limits.Number), t.Number("price"));
        }).ToList();
        var peaks = example.Usage.Object("peaks");
        example.Equal("total", new CapacityTiers(tiers).Price(new Usage(peaks.Names.Select(n => new UsageItem(peaks.Number(n), n)).ToList())));
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "bucketed")]
    public void Bucketed(string id)
    {
        var example = Read(id);
        var price = new Grouped(ExampleTerms.Model(example.Params, example.Params.Text("price")), RatingGroup.Event);
        example.Equal("total", price.Price(Usage.Of(example.Usage.Numbers("bucketValues"))));
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "rating_group")]
    public void Rating_group(string id)
    {
        var example = Read(id);
        var price = new Grouped(ExampleTerms.Model(example.Params, example.Params.Text("price")), RatingGroup.Key);
        var items = example.Usage.Table("groups").SelectMany((group, i) => group.Select(q => new UsageItem(q, $"{i}"))).ToList();
        example.Equal("total", price.Price(new Usage(items)));
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "matrix")]
    public void Matrix(string id)
    {
        var example = Read(id);
        var cells = example.Params.Object("cells");
        var price = new Matrix(["cell"], cells.Names.Select(n => new MatrixCell([n], new PerUnit(cells.Number(n)))).ToList());
        example.Equal("total", price.Price(new Usage(example.Usage.Objects("cells").Select(c => new UsageItem(c.Number("quantity"), c.Text("cell"))).ToList())));
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "sum_of_prices")]
    public void Sum_of_prices(string id)
    {
        var example = Read(id);
        example.Equal("total", Exact.Sum(example.Usage.Objects("parts").Select(part =>
            ExampleTerms.Charge(part.Object("params"), part.Text("model")).Rate(ExampleTerms.Usage(part.Object("usage"))).Amount)));
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "rounded_quantity_price")]
    public void Rounded_quantity(string id)
    {
        var example = Read(id);
        Skip.IfNot(example.Params.Text("rounding") == "NEAREST" && example.Params.Number("quantityPerUnit") == Exact.One, "only the nearest whole unit is expressed");
        var rule = new QuantityRule(Conversion: new(Exact.One, rounding: new(0)));
        var line = new Charge("line", ExampleTerms.Model(example.Params, "per_unit"), new() { Quantity = rule }).Explain(new(example.Usage.Number("quantity")));
        example.Equal("total", line.Amount);
        example.Equal("quantity", line.Steps.Single(s => s.Kind == StepKind.Unit).Quantity!.Value);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "negative_usage_floor")]
    public void Negative_usage(string id)
    {
        var example = Read(id);
        var line = ExampleTerms.Charge(example, "per_unit").Explain(new(Exact.Sum(example.Usage.Numbers("values"))));
        example.Equal("total", line.Amount);
        example.Equal("quantity", line.Steps.Single(s => s.Kind == StepKind.Unit).Quantity!.Value);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "commitment_overage")]
    public void Commitment_overage(string id)
    {
        var example = Read(id);
        var price = new Committed(ExampleTerms.Model(example.Params, "per_unit"), new(example.Params.Number("commitment"), example.Params.Number("overageFactor"), trueUp: false));
        example.Equal("total", price.Price(example.Usage.Number("quantity")));
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "windowed_commitment")]
    public void Windowed_commitment(string id)
    {
        var example = Read(id);
        var rules = example.Params.Object("rules");
        var price = new Windowed(rules.Names.Select(name => Rule(name, rules.Object(name))).ToList());
        var windows = example.Usage.Objects("windows");
        foreach (var window in windows) window.Ignore("hour");
        var use = price.Use(new(windows.Select(w => new UsageItem(w.Number("quantity"), w.Text("rule"))).ToList()), default);
        example.Equal("total", use.Total);
        example.Equal("utilized", use.Utilized);
        example.Equal("overage", use.Overage);
        example.Equal("trueUp", use.TrueUp);
        example.EverythingRead();

        static WindowRule Rule(string name, Fields rule) =>
            new(name, new PerUnit(rule.Number("unitPrice")), new(rule.Number("commitmentAmount"), rule.Number("overageFactor"), rule.Flag("trueUp")));
    }
}
