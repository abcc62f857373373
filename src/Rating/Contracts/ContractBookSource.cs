using System.Text;
using Streams.Schemas;
using Streams.Schemas.Avro;
using Streams.Schemas.Registry;

namespace Streams.Rating.Contracts;

/// <summary>Holds the book of now, fed from the records of topic <see cref="Topics.Contracts"/>. One thread writes, any thread reads.</summary>
public sealed class ContractBookSource
{
    static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    volatile BookEdition _edition;

    public ContractBookSource(ContractBook? book = null) => _edition = new(book ?? ContractBook.Empty, default);

    public ContractBook Current => _edition.Book;

    /// <summary>The book of now, from which later changes can be followed.</summary>
    public BookEdition Edition => _edition;

    /// <summary>The record key of a definition: "kind/id", e.g. priceBook/standard.</summary>
    public static byte[] Key(EntryKind kind, string id) => new DefinitionKey(kind, id).ToBytes();

    /// <summary>
    /// Takes one record. False when it is not a definition; the book then stays as it is and <paramref name="error"/> says why.
    /// The value is in wire format; whatever its schema id, it is read as <see cref="ContractEntry"/>.
    /// </summary>
    public bool TryApply(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted, out string? error)
    {
        try
        {
            var which = DefinitionKey.Parse(StrictUtf8.GetString(key));
            Apply(which, deleted ? null : Read(value, which));
            error = null;
            return true;
        }
        catch (Exception e) when (e is FormatException or AvroException or ContractFaultException or DecoderFallbackException)
        {
            error = e.Message;
            return false;
        }
    }

    /// <summary>Puts a definition in force, or (null) takes it out.</summary>
    /// <exception cref="ContractFaultException">The entry is not a definition of its kind and id.</exception>
    public void Apply(DefinitionKey key, ContractEntry? entry) =>
        _edition = _edition.Follow(entry is null ? Current.Without(key.Kind, key.Id) : Current.With(entry), key);

    static ContractEntry Read(ReadOnlySpan<byte> value, DefinitionKey key)
    {
        if (!WireFormat.TryRead(value, out _, out var payload)) throw new FormatException("The value is not in Confluent's wire format");
        var entry = ContractEntry.Read(payload);
        return entry.Kind == key.Kind && entry.Id == key.Id ? entry : throw new FormatException($"The value defines {new DefinitionKey(entry.Kind, entry.Id)}, not {key}");
    }
}
