using Streams.Rating.Meters;
using Streams.Rating.Periods;
using static Streams.Rating.Contracts.Format.Scalars;

namespace Streams.Rating.Contracts.Format;

/// <summary>Customers and meters.</summary>
static class MeterShapes
{
    static Shape<IReadOnlyDictionary<string, string>> ErpIds { get; } = new MapShape<string>(Id, 100);

    public static Shape<Customer> Customer { get; } = new ObjectShape<Customer>("customer", "A company that uses and pays.", o =>
    {
        var id = o.Required("id", Id, c => c.Id, "Names it in usage events.");
        var name = o.Required("name", Label, c => c.Name, "As people call it.");
        var entity = o.Required("legalEntity", Id, c => c.LegalEntity, "Which of our companies bills.");
        var erpIds = o.Optional("erpIds", ErpIds, c => c.ErpIds.Count == 0 ? null : c.ErpIds, "Its id in each ERP, e.g. netsuite.");
        var parent = o.Optional("parent", Id, c => c.Parent, "The customer that it belongs to.");
        var pays = o.Value("pays", OneOf<Payer>(), Payer.Self, c => c.Pays, "Whose account its documents go to. One that its parent pays for needs no contract of its own.");
        return v => new(id[v], name[v], entity[v], erpIds[v], parent[v], pays[v]);
    });

    static Shape<MeterFilter> Filter { get; } = new ObjectShape<MeterFilter>("filter", "A condition on one dimension of an event.", o =>
    {
        var dimension = o.Required("dimension", Label, f => f.Dimension, "Its name.");
        var how = o.Value("operator", OneOf<FilterOperator>(), FilterOperator.In, f => f.Operator, "How it is read.");
        var values = o.List("values", Label, f => f.Values, "The values of in and notIn.", DefinitionCheck.MaxFilterValues);
        return v => new(dimension[v], how[v], values[v]);
    });

    public static Shape<Meter> Meter { get; } = new ObjectShape<Meter>("meter", "Something that is measured.", o =>
    {
        var id = o.Required("id", Id, m => m.Id, "Names it in usage events.");
        var unit = o.Required("unit", Label, m => m.Unit, "What it counts in.");
        var product = o.Required("product", Id, m => m.Product, "What it is sold as part of.");
        var aggregation = o.Value("aggregation", OneOf<Aggregation>(), Aggregation.Sum, m => m.Definition.Aggregation, "What becomes of the values.");
        var value = o.Optional("value", LongText, m => m.Definition.Value, "What is aggregated: quantity, a dimension, or an expression of them; null: the quantity.");
        var filters = o.List("filters", Filter, m => m.Definition.Filters, "Which events count; all must hold.", DefinitionCheck.MaxFilters);
        var where = o.Optional("where", LongText, m => m.Definition.Where, "A condition that events must fulfil besides.");
        var groupBy = o.List("groupBy", Label, m => m.Definition.GroupBy, "The dimensions whose values make groups.", DefinitionCheck.MaxGroupBy);
        var maxGroups = o.Value("maxGroups", Int(1, DefinitionCheck.MaxGroups), 1000, m => m.Definition.MaxGroups, "How many groups a customer may have.");
        var window = o.Value("window", OneOf<WindowSize>(), WindowSize.Period, m => m.Definition.Window, "What values are gathered by.");
        var percentile = o.Nullable("percentile", ExactNumber, m => m.Definition.Percentile, "Of a percentile: above 0, at most 100.");
        var per = o.Nullable("per", Duration, m => m.Definition.PerMicros, "Of a time-weighted sum: the unit of time, e.g. PT1H for gigabyte-hours; null: the window.");
        var maxValues = o.Value("maxValues", Int(1, DefinitionCheck.MaxValues), 10_000, m => m.Definition.MaxValues, "How many values a unique count, percentile or gauge keeps.");
        var precision = o.Nullable("hyperLogLogPrecision", Int(HyperLogLog.MinPrecision, HyperLogLog.MaxPrecision), m => m.Definition.HyperLogLogPrecision, "Lets a unique count estimate beyond maxValues, with a standard error of 1.04 / sqrt(2^p).");
        var kept = o.Value("keptEvents", Int(0, DefinitionCheck.MaxValues), 0, m => m.Definition.KeptEvents, "How many events of a window are kept, for prices by event and corrections.");
        var gap = o.Value("gapPolicy", OneOf<GapPolicy>(), GapPolicy.Hold, m => m.GapPolicy, "What a gauge shows before the first event of a window.");
        return v => new(unit[v], product[v], new()
        {
            Id = id[v], Aggregation = aggregation[v], Value = value[v], Filters = filters[v], Where = where[v], GroupBy = groupBy[v], MaxGroups = maxGroups[v], Window = window[v],
            Percentile = percentile[v], PerMicros = per[v], MaxValues = maxValues[v], HyperLogLogPrecision = precision[v], KeptEvents = kept[v],
        }, gap[v]);
    });
}
