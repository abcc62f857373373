using System.Text;
using Streams.Schemas;
using Streams.Schemas.Avro;
using Streams.Schemas.Registry;

namespace Streams.Rating.Contracts;

/// <summary>Holds the book of now, fed from the records of topic <see cref="Topics.Contracts"/>. One thread writes, any thread reads.</summary>
public sealed class ContractBookSource
{
    static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    volatile ContractBook _current;

    public ContractBookSource(ContractBook? book = null) => _current = book ?? ContractBook.Empty;

    public ContractBook Current => _current;

    /// <summary>The record key of a definition: "kind/id", e.g. priceBook/standard.</summary>
    public static byte[] Key(EntryKind kind, string id) => Encoding.UTF8.GetBytes($"{KindName(kind)}/{id}");

    /// <summary>
    /// Takes one record. False when it is not a definition; the book then stays as it is and <paramref name="error"/> says why.
    /// The value is in wire format; whatever its schema id, it is read as <see cref="ContractEntry"/>.
    /// </summary>
    public bool TryApply(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted, out string? error)
    {
        try
        {
            var (kind, id) = ParseKey(key);
            _current = deleted ? _current.Without(kind, id) : _current.With(Read(value, kind, id));
            error = null;
            return true;
        }
        catch (Exception e) when (e is FormatException or AvroException or ContractFaultException or DecoderFallbackException)
        {
            error = e.Message;
            return false;
        }
    }

    static ContractEntry Read(ReadOnlySpan<byte> value, EntryKind kind, string id)
    {
        if (!WireFormat.TryRead(value, out _, out var payload)) throw new FormatException("The value is not in Confluent's wire format");
        var entry = ContractEntry.Read(payload);
        return entry.Kind == kind && entry.Id == id ? entry : throw new FormatException($"The value defines {KindName(entry.Kind)}/{entry.Id}, not {KindName(kind)}/{id}");
    }

    static (EntryKind Kind, string Id) ParseKey(ReadOnlySpan<byte> key)
    {
        var text = StrictUtf8.GetString(key);
        var slash = text.IndexOf('/');
        foreach (var kind in Enum.GetValues<EntryKind>())
        {
            if (slash > 0 && text.AsSpan(0, slash).SequenceEqual(KindName(kind))) return (kind, text[(slash + 1)..]);
        }
        throw new FormatException($"'{text}' is not a key of the form kind/id");
    }

    static string KindName(EntryKind kind) => kind switch
    {
        EntryKind.Customer => "customer",
        EntryKind.Meter => "meter",
        EntryKind.PriceBook => "priceBook",
        EntryKind.Contract => "contract",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
