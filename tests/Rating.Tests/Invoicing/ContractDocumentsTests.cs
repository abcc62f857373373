using System.Text.Json;
using Streams.Rating.Calculator;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Schemas;
using Streams.Testing;

namespace Streams.Rating.Tests.Invoicing;

/// <summary>Each example of docs/contracts with its usage gives the documents that stand beside it; those were worked out by hand.</summary>
public sealed class ContractDocumentsTests
{
    static readonly string Folder = Path.Combine(Checkout.Root, "docs", "contracts");

    public static IEnumerable<object[]> Examples() => Names().Select(n => new object[] { n });

    static IEnumerable<string> Names() => Directory.GetFiles(Folder, "*.json").Select(f => Path.GetFileName(f)!)
        .Where(f => !new[] { ".schema.json", ".usage.json", ".expected.json" }.Any(p => f.EndsWith(p, StringComparison.Ordinal))).Select(f => f[..^5]).Order(StringComparer.Ordinal);

    [Theory, MemberData(nameof(Examples))]
    public void An_example_gives_its_documents(string name)
    {
        using var expected = JsonDocument.Parse(Bytes($"{name}.expected.json"));
        Timestamp? until = expected.RootElement.TryGetProperty("until", out var time) ? Timestamp.From(time.GetDateTimeOffset()) : null;
        var rated = ContractCalculator.Run(ContractFile.Load(Bytes($"{name}.json")), UsageFile.Parse(Bytes($"{name}.usage.json")).Entries, until: until);
        Assert.Empty(rated.Unrated);
        var documents = expected.RootElement.GetProperty("documents").EnumerateArray().ToList();
        Assert.Equal(documents.Select(d => d.GetProperty("id").GetString()), rated.Documents.Select(d => d.Id));
        foreach (var (wanted, document) in documents.Zip(rated.Documents)) Check(wanted, document);
    }

    static byte[] Bytes(string file) => File.ReadAllBytes(Path.Combine(Folder, file));

    static void Check(JsonElement wanted, InvoiceDocument document)
    {
        var lines = wanted.GetProperty("lines").EnumerateArray().ToList();
        Assert.Equal(lines.Select(l => l.GetProperty("charge").GetString()), document.Lines.Select(l => l.Charge));
        foreach (var (one, line) in lines.Zip(document.Lines))
        {
            foreach (var property in one.EnumerateObject()) Assert.Equal((line.Key, property.Name, property.Value.GetString()), (line.Key, property.Name, Of(line, property.Name)));
        }
        foreach (var property in wanted.EnumerateObject().Where(p => p.Name != "lines")) Assert.Equal((document.Id, property.Name, property.Value.ToString()), (document.Id, property.Name, Of(document, property)));
        Assert.Equal(document.Total, document.SubTotal - document.CouponTotal + document.Adjustment + document.Tax - document.Credit - document.Carried + document.CarriedForward);
    }

    static string Of(InvoiceLine line, string property) => property switch
    {
        "charge" => line.Charge,
        "description" => line.Description,
        "quantity" => line.Quantity.ToString(),
        "covered" => line.Covered.ToString(),
        "unrounded" => line.Unrounded.ToString(),
        "amount" => line.Amount.ToString(),
        _ => throw new ArgumentException($"lines have no {property}"),
    };

    static string Of(InvoiceDocument document, JsonProperty property) => property.Name switch
    {
        "id" => document.Id,
        "customer" => document.Customer,
        "payer" => document.Payer,
        "to" => document.Period.End.ToString(),
        "subTotal" => document.SubTotal.ToString(),
        "coupons" => Map(document.Coupons.Select(c => (c.Coupon, c.Amount))),
        "adjustment" => document.Adjustment.ToString(),
        "tax" => document.Tax.ToString(),
        "credit" => document.Credit.ToString(),
        "burns" => Map(document.Burns.GroupBy(b => b.Grant).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => (g.Key, Exact.Sum(g.Select(b => b.Amount))))),
        "carried" => document.Carried.ToString(),
        "carriedForward" => document.CarriedForward.ToString(),
        "total" => document.Total.ToString(),
        _ => throw new ArgumentException($"documents have no {property.Name}"),
    };

    static string Map(IEnumerable<(string Name, Exact Amount)> amounts) => $"{{{string.Join(", ", amounts.Select(a => $"\"{a.Name}\": \"{a.Amount}\""))}}}";
}
