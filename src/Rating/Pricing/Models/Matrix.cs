using System.Text;

namespace Streams.Rating.Pricing;

/// <summary>The price for one combination of values, in the order of the matrix's dimensions.</summary>
public sealed record MatrixCell(IReadOnlyList<string> Values, PriceModel Price);

/// <summary>A price by dimensions, e.g. region and size. Items with the same values are added up before they are priced.</summary>
public sealed record Matrix : PriceModel
{
    readonly Dictionary<string, PriceModel> _byValues = new(StringComparer.Ordinal);

    /// <param name="dimensions">Names of the dimensions.</param>
    /// <param name="cells">One price per combination of values.</param>
    /// <param name="otherwise">The price of combinations without a cell; null: they are refused.</param>
    public Matrix(IReadOnlyList<string> dimensions, IReadOnlyList<MatrixCell> cells, PriceModel? otherwise = null)
    {
        var check = new TermsCheck();
        check.Filled("dimensions", dimensions);
        check.Filled("cells", cells);
        for (var i = 0; i < cells.Count; i++)
        {
            check.That(cells[i].Values.Count == dimensions.Count, $"cells[{i}].values", "CELL_INVALID", $"has {cells[i].Values.Count} values for {dimensions.Count} dimensions");
            check.That(!cells[i].Price.ByItem, $"cells[{i}].price", "MODEL_INVALID", "prices items, not a quantity");
            check.That(_byValues.TryAdd(Text(cells[i].Values), cells[i].Price), $"cells[{i}].values", "CELL_TWICE", "has a price already");
        }
        check.Done();
        (Dimensions, Cells, Otherwise) = (dimensions.ToArray(), cells.ToArray(), otherwise);
    }

    public IReadOnlyList<string> Dimensions { get; }

    public IReadOnlyList<MatrixCell> Cells { get; }

    public PriceModel? Otherwise { get; }

    public override bool ByItem => true;

    public override Exact Price(in Usage usage, in Calculation calculation)
    {
        var sum = Exact.Zero;
        foreach (var (values, quantity) in UsageGroups.Sums(usage.Items))
        {
            var price = Find(values);
            if (calculation.Records) calculation.Trail!.Add(StepKind.Cell, $"quantity of {string.Join(", ", values)}", quantity);
            sum += price.Price(quantity, calculation);
        }
        return sum;
    }

    PriceModel Find(IReadOnlyList<string> values) =>
        _byValues.GetValueOrDefault(Text(values)) ?? Otherwise ?? throw new PricingException(string.Join(", ", Dimensions), $"{string.Join(", ", values)} has no price");

    static string Text(IReadOnlyList<string> values) => UsageGroups.Text(values);
}

/// <summary>Items by key, in the order in which the keys come first.</summary>
static class UsageGroups
{
    public static IEnumerable<(IReadOnlyList<string> Key, Exact Sum)> Sums(IReadOnlyList<UsageItem> items)
    {
        if (items.Count == 1) return [(items[0].Key, items[0].Quantity)];
        var sums = new Dictionary<string, int>(StringComparer.Ordinal);
        var result = new List<(IReadOnlyList<string> Key, Exact Sum)>();
        foreach (var item in items)
        {
            var text = Text(item.Key);
            if (sums.TryGetValue(text, out var at)) result[at] = (item.Key, result[at].Sum + item.Quantity);
            else
            {
                sums.Add(text, result.Count);
                result.Add((item.Key, item.Quantity));
            }
        }
        return result;
    }

    /// <summary>One text per list of values: with lengths, so that no separator can be forged.</summary>
    public static string Text(IReadOnlyList<string> values)
    {
        if (values.Count == 1) return values[0];
        var text = new StringBuilder();
        foreach (var value in values) text.Append(value.Length).Append(':').Append(value);
        return text.ToString();
    }
}
