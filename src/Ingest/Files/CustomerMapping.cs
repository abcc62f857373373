using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Streams.Ingest.Files;

/// <summary>Whose usage a line is: exactly one of the three.</summary>
public sealed record CustomerMapping
{
    /// <summary>The customer's id stands in this column.</summary>
    public string? Column { get; init; }

    /// <summary>Customers take turns, line after line.</summary>
    public AssignedCustomers? ByRow { get; init; }

    /// <summary>The same value of a column always gives the same customer.</summary>
    public AssignedCustomers? ByHash { get; init; }

    /// <param name="lineNumber">Of the line in the file, from 1.</param>
    internal string Read(Func<string, string> column, long lineNumber)
    {
        if (ByRow is { } row) return row.Name(lineNumber % row.Count);
        if (ByHash is { } hash) return hash.Name(BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(column(hash.Column!)))) % hash.Count);
        return column(Column!);
    }

    internal void Validate()
    {
        var given = (Column is null ? 0 : 1) + (ByRow is null ? 0 : 1) + (ByHash is null ? 0 : 1);
        ImportMapping.Require(given == 1, "customer must have exactly one of column, byRow, byHash");
        ByRow?.Validate("byRow", needsColumn: false);
        ByHash?.Validate("byHash", needsColumn: true);
    }
}

/// <summary>Customers made from a number: 0 up to <see cref="Count"/> - 1 in <see cref="Format"/>, e.g. cust-{0:D3}.</summary>
public sealed record AssignedCustomers
{
    public required string Format { get; init; }

    public required int Count { get; init; }

    /// <summary>What is hashed; only for byHash.</summary>
    public string? Column { get; init; }

    internal string Name(long number) => string.Format(CultureInfo.InvariantCulture, Format, number);

    internal void Validate(string name, bool needsColumn)
    {
        ImportMapping.Require(Count is > 0 and <= 10_000_000, $"customer.{name}.count must be 1 to 10,000,000");
        ImportMapping.Require(Column is null != needsColumn, $"customer.{name} {(needsColumn ? "needs a" : "has no")} column");
        try
        {
            ImportMapping.Require(Name(0) != Name(1), $"customer.{name}.format must hold the number, e.g. cust-{{0:D3}}");
        }
        catch (FormatException e)
        {
            throw new ImportException($"The mapping's customer.{name}.format is not a .NET format: {e.Message}", e);
        }
    }
}
