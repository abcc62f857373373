using System.Text;
using Streams.Schemas;

namespace Streams.Rating.Contracts;

/// <summary>What a definition is and which: "kind/id", e.g. priceBook/standard. Ordered so that nothing precedes what it refers to, then by id (UTF-16 code units).</summary>
public readonly record struct DefinitionKey(EntryKind Kind, string Id) : IComparable<DefinitionKey>
{
    /// <exception cref="FormatException">Not of that form.</exception>
    public static DefinitionKey Parse(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        foreach (var kind in Enum.GetValues<EntryKind>())
        {
            if (slash > 0 && text.AsSpan(0, slash).SequenceEqual(Name(kind))) return new(kind, text[(slash + 1)..]);
        }
        throw new FormatException($"'{text}' is not a key of the form kind/id");
    }

    /// <summary>The canonical JSON of what a book says under this key; null: nothing.</summary>
    public string? BodyIn(ContractBook book) => Kind switch
    {
        EntryKind.Meter => book.Meters.TryGetValue(Id, out var meter) ? CanonicalJson.Write(meter) : null,
        EntryKind.Customer => book.Customers.TryGetValue(Id, out var customer) ? CanonicalJson.Write(customer) : null,
        EntryKind.PriceBook => book.PriceBooks.TryGetValue(Id, out var prices) ? CanonicalJson.Write(prices) : null,
        EntryKind.Contract => book.Contracts.TryGetValue(Id, out var contract) ? CanonicalJson.Write(contract) : null,
        _ => throw new ArgumentOutOfRangeException(nameof(book), Kind, "Not a kind of definition"),
    };

    /// <summary>Everything that a book defines.</summary>
    public static IEnumerable<DefinitionKey> All(ContractBook book) =>
    [
        .. book.Meters.Keys.Select(k => new DefinitionKey(EntryKind.Meter, k)), .. book.Customers.Keys.Select(k => new DefinitionKey(EntryKind.Customer, k)),
        .. book.PriceBooks.Keys.Select(k => new DefinitionKey(EntryKind.PriceBook, k)), .. book.Contracts.Keys.Select(k => new DefinitionKey(EntryKind.Contract, k)),
    ];

    /// <summary>What a contract is priced by, itself included: its customer and those above it as far as each pays, its price books, and the meters that charges of both are on. In order.</summary>
    public static IReadOnlyList<DefinitionKey> Of(ContractBook book, Contract contract)
    {
        var keys = new SortedSet<DefinitionKey> { new(EntryKind.Contract, contract.Id) };
        var customer = contract.Customer;
        for (var i = 0; i <= ContractBook.MaxHierarchy && book.Customers.TryGetValue(customer, out var known); i++)
        {
            keys.Add(new(EntryKind.Customer, customer));
            if (known.Pays == Payer.Self || known.Parent is not { } parent) break;
            customer = parent;
        }
        var books = contract.Versions.Select(v => v.PriceBook).OfType<string>().Distinct(StringComparer.Ordinal).Where(book.PriceBooks.ContainsKey).ToList();
        foreach (var id in books) keys.Add(new(EntryKind.PriceBook, id));
        var charges = books.SelectMany(id => book.PriceBooks[id].Versions).SelectMany(v => v.Charges).Concat(contract.Versions.SelectMany(v => v.Charges));
        foreach (var meter in charges.OfType<UsageCharge>().Select(c => c.Meter).Where(book.Meters.ContainsKey)) keys.Add(new(EntryKind.Meter, meter));
        return [.. keys];
    }

    public int CompareTo(DefinitionKey other)
    {
        var order = Rank(Kind).CompareTo(Rank(other.Kind));
        return order == 0 ? string.CompareOrdinal(Id, other.Id) : order;
    }

    public override string ToString() => $"{Name(Kind)}/{Id}";

    public byte[] ToBytes() => Encoding.UTF8.GetBytes(ToString());

    static int Rank(EntryKind kind) => kind switch { EntryKind.Meter => 0, EntryKind.Customer => 1, EntryKind.PriceBook => 2, _ => 3 };

    static string Name(EntryKind kind) => kind switch
    {
        EntryKind.Customer => "customer",
        EntryKind.Meter => "meter",
        EntryKind.PriceBook => "priceBook",
        EntryKind.Contract => "contract",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
