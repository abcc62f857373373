using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Streams.Schemas.Identity;
using Streams.Schemas.Avro;
using Streams.Rating.Contracts;

namespace Streams.Rating.Meters;

/// <summary>A checked definition, ready to read events. Immutable; safe for any number of threads.</summary>
public sealed class UsageMeter
{
    /// <summary>Characters at most of a value that a unique count counts.</summary>
    public const int MaxUniqueLength = 1024;

    // Keys of their own: the hash of a value never equals that of an event's identity.
    const ulong UniqueKey0 = 0x53747265616d7332, UniqueKey1 = 0x756e69717565_2d31;

    readonly MeterExpression? _value;
    readonly MeterExpression? _where;
    readonly DimensionFilter[] _filters;

    UsageMeter(MeterDefinition definition, MeterExpression? value, MeterExpression? where)
    {
        Definition = definition;
        (_value, _where) = (value, where);
        _filters = [.. definition.Filters.Select(f => new DimensionFilter(f))];
        Fingerprint = Digest(definition);
    }

    public MeterDefinition Definition { get; }

    /// <summary>Follows from the whole definition (the first eight bytes of its SHA-256); a stored state belongs to one fingerprint.</summary>
    public ulong Fingerprint { get; }

    /// <exception cref="ContractFaultException">Holds everything that is wrong with the definition.</exception>
    public static UsageMeter Compile(MeterDefinition definition)
    {
        var (value, where) = new DefinitionCheck(definition).Run();
        return new(definition, value, where);
    }

    /// <summary>Whether an event counts: all filters and the condition hold.</summary>
    /// <exception cref="MeterException">The condition reads a number that the event does not have.</exception>
    public bool Matches(IMeterEvent usage)
    {
        foreach (var filter in _filters)
        {
            if (!filter.Holds(usage)) return false;
        }
        return _where is null || _where.Holds(usage);
    }

    /// <summary>The event's value and order.</summary>
    /// <exception cref="MeterException">The value is missing, no number, or no decimal of nine places.</exception>
    public Sample Read(IMeterEvent usage) => Definition.Aggregation switch
    {
        Aggregation.Count => new(usage.Id, usage.Time, default, default),
        Aggregation.UniqueCount => new(usage.Id, usage.Time, default, UniqueKey(usage)),
        _ => new(usage.Id, usage.Time, _value!.Decimal(usage), default),
    };

    UInt128 UniqueKey(IMeterEvent usage)
    {
        if (_value!.Dimension is not { } name) return Hash(usage.Quantity.ToString());
        if (!usage.TryGetDimension(name, out var text)) throw new MeterException(MeterCodes.ValueMissing, $"Dimension '{name}' is missing");
        if (text.Length > MaxUniqueLength) throw new MeterException(MeterCodes.DimensionTooLong, $"Dimension '{name}' has {text.Length} characters, {MaxUniqueLength} are allowed");
        return Hash(text);
    }

    static UInt128 Hash(ReadOnlySpan<char> text)
    {
        Span<byte> utf8 = text.Length <= 85 ? stackalloc byte[256] : new byte[3 * text.Length];
        var (low, high) = SipHash128.Hash(utf8[..Encoding.UTF8.GetBytes(text, utf8)], UniqueKey0, UniqueKey1);
        return new(high, low);
    }

    static ulong Digest(MeterDefinition d)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new AvroWriter(buffer);
        foreach (var text in new[] { d.Id, d.Aggregation.ToString(), d.Value ?? "", d.Where ?? "", d.Window.ToString(), d.Percentile?.ToString() ?? "" }) writer.WriteString(text);
        foreach (var number in new[] { d.PerMicros ?? 0, d.MaxValues, d.HyperLogLogPrecision ?? 0, d.KeptEvents, d.MaxGroups }) writer.WriteLong(number);
        WriteList(writer, d.GroupBy);
        writer.WriteInt(d.Filters.Count);
        foreach (var filter in d.Filters)
        {
            writer.WriteString(filter.Dimension);
            writer.WriteInt((int)filter.Operator);
            WriteList(writer, filter.Values);
        }
        return BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(buffer.WrittenSpan));
    }

    static void WriteList(AvroWriter writer, IReadOnlyList<string> texts)
    {
        writer.WriteInt(texts.Count);
        foreach (var text in texts) writer.WriteString(text);
    }

    /// <summary>A filter with its values looked up by hash.</summary>
    sealed class DimensionFilter
    {
        readonly MeterFilter _filter;
        readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _values;

        public DimensionFilter(MeterFilter filter)
        {
            _filter = filter;
            _values = filter.Values.ToHashSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        }

        public bool Holds(IMeterEvent usage)
        {
            var present = usage.TryGetDimension(_filter.Dimension, out var text);
            return _filter.Operator switch
            {
                FilterOperator.In => present && _values.Contains(text),
                FilterOperator.NotIn => !present || !_values.Contains(text),
                FilterOperator.Present => present,
                _ => !present,
            };
        }
    }
}
