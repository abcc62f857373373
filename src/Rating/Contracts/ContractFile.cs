using System.Text;
using System.Text.Json;
using Streams.Rating.Contracts.Format;
using Streams.Schemas;

namespace Streams.Rating.Contracts;

/// <summary>
/// The file form of contracts: <c>{"customers":[…],"meters":[…],"priceBooks":[…],"contracts":[…]}</c>, each part optional, decimals as strings.
/// docs/contracts describes it.
/// </summary>
public static class ContractFile
{
    /// <summary>Bytes at most in one file.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    /// <inheritdoc cref="Parse(ReadOnlyMemory{byte}, string, Timestamp, ContractBook?)"/>
    public static IReadOnlyList<ContractEntry> Parse(string json, string changedBy, Timestamp changedAt, ContractBook? known = null) =>
        Parse(Encoding.UTF8.GetBytes(json), changedBy, changedAt, known);

    /// <summary>
    /// The file's entries: meters, customers, price books and contracts, each in the order of the file, so that nothing precedes what it refers to.
    /// References may also lead to <paramref name="known"/> definitions.
    /// </summary>
    /// <exception cref="ContractFaultException">Holds every fault of the file (of very many, the first).</exception>
    public static IReadOnlyList<ContractEntry> Parse(ReadOnlyMemory<byte> json, string changedBy, Timestamp changedAt, ContractBook? known = null)
    {
        var parts = Read(json, known);
        ContractEntry Entry(EntryKind kind, string id, string body) => new() { Kind = kind, Id = id, Body = body, ChangedBy = changedBy, ChangedAt = changedAt };
        return
        [
            .. parts.Meters.Select(m => Entry(EntryKind.Meter, m.Id, CanonicalJson.Write(m))),
            .. parts.Customers.Select(c => Entry(EntryKind.Customer, c.Id, CanonicalJson.Write(c))),
            .. parts.PriceBooks.Select(b => Entry(EntryKind.PriceBook, b.Id, CanonicalJson.Write(b))),
            .. parts.Contracts.Select(c => Entry(EntryKind.Contract, c.Id, CanonicalJson.Write(c))),
        ];
    }

    /// <summary>The file as a book of its own, on top of what is known.</summary>
    /// <exception cref="ContractFaultException">As <see cref="Parse(ReadOnlyMemory{byte}, string, Timestamp, ContractBook?)"/>.</exception>
    public static ContractBook Load(ReadOnlyMemory<byte> json, ContractBook? known = null)
    {
        var parts = Read(json, known);
        var book = known ?? ContractBook.Empty;
        foreach (var meter in parts.Meters) book = book.With(meter);
        foreach (var customer in parts.Customers) book = book.With(customer);
        foreach (var prices in parts.PriceBooks) book = book.With(prices);
        foreach (var contract in parts.Contracts) book = book.With(contract);
        return book;
    }

    static FileParts Read(ReadOnlyMemory<byte> json, ContractBook? known)
    {
        var faults = new FaultCollector();
        if (json.Length > MaxBytes) faults.Add("$", "FILE_TOO_LARGE", $"has {json.Length} bytes, {MaxBytes} are allowed");
        faults.ThrowIfAny();
        using var document = Open(json, faults);
        var parts = ContractShapes.File.Read(document.RootElement, "$", faults);
        if (parts is not null) new ReferenceCheck(parts, document.RootElement, known ?? ContractBook.Empty, faults).Run();
        faults.ThrowIfAny();
        return parts!;
    }

    /// <summary>The text as JSON, or the fault JSON_MALFORMED.</summary>
    internal static JsonDocument Open(ReadOnlyMemory<byte> json, FaultCollector faults)
    {
        try
        {
            return StrictJson.Parse(json, duplicates: true);
        }
        catch (JsonException e)
        {
            faults.Add("$", "JSON_MALFORMED", e.Message);
            faults.ThrowIfAny();
            throw;
        }
    }
}
