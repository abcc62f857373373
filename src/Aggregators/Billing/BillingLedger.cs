using System.Buffers;
using System.Text;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Rating;
using Streams.Schemas;
using Streams.Schemas.Avro;
using Streams.Streaming;

namespace Streams.Aggregators.Billing;

/// <summary>
/// The lines of the billing periods that are still open, and up to which period documents were made. Changelog: "l" and the line's key, and "c".
/// </summary>
public sealed class BillingLedger(string name) : IStateStore
{
    public const string Store = "billing";

    const byte LineKey = (byte)'l', ClosedKey = (byte)'c';

    readonly SortedDictionary<BillingKey, BillingLine> _lines = [];
    readonly List<BillingLine> _dirty = [];
    readonly List<byte[]> _removed = [];
    readonly ArrayBufferWriter<byte> _key = new(256);
    readonly ArrayBufferWriter<byte> _value = new(256);
    bool _closedDirty;

    public string Name => name;

    /// <summary>The last period whose documents were made; <see cref="int.MinValue"/> when there is none.</summary>
    public int ClosedThrough { get; private set; } = int.MinValue;

    /// <summary>The earliest period with a line; <see cref="int.MaxValue"/> when there is none.</summary>
    public int FirstPeriod { get; private set; } = int.MaxValue;

    /// <summary>Adds a rated window to its line.</summary>
    /// <exception cref="InvalidOperationException">The period's documents were made already: its windows must all have closed before.</exception>
    public void Add(ref Account account, ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter, in OpenWindow window, int period, ExactDecimal amount)
    {
        if (period <= ClosedThrough) throw new InvalidOperationException($"A window of {BillingPeriod.Name(period)} was rated after that period's documents were made");
        if (account.Billed is not BillingLine line || line.Key.Period != period || line.TermsId != window.Terms.Id)
            account.Billed = line = LineOf(Encoding.UTF8.GetString(customer), Encoding.UTF8.GetString(meter), window.Terms.Terms!, period);
        line.Quantity += window.Quantity;
        line.Amount += amount;
        line.Windows++;
        line.Events += window.Events;
        line.FirstOffset = Math.Min(line.FirstOffset, window.FirstOffset);
        line.LastOffset = Math.Max(line.LastOffset, window.LastOffset);
        if (line.Dirty) return;
        line.Dirty = true;
        _dirty.Add(line);
    }

    /// <summary>Takes out the lines of the earliest period, in order, and remembers it as closed.</summary>
    public List<BillingLine> TakeFirst()
    {
        var lines = _lines.Values.TakeWhile(l => l.Key.Period == FirstPeriod).ToList();
        foreach (var line in lines)
        {
            _lines.Remove(line.Key);
            _removed.Add(Encode(line.Key).ToArray());
            line.Dirty = false;
        }
        _dirty.RemoveAll(l => !l.Dirty);
        ClosedThrough = FirstPeriod;
        _closedDirty = true;
        FindFirst();
        return lines;
    }

    public void Flush(IChangelog changelog)
    {
        foreach (var key in _removed) changelog.Delete(key);
        foreach (var line in _dirty)
        {
            line.Dirty = false;
            changelog.Put(Encode(line.Key), Encode(line));
        }
        if (_closedDirty)
        {
            _value.ResetWrittenCount();
            new AvroWriter(_value).WriteInt(ClosedThrough);
            changelog.Put([ClosedKey], _value.WrittenSpan);
        }
        _removed.Clear();
        _dirty.Clear();
        _closedDirty = false;
    }

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        if (key[0] == ClosedKey)
        {
            ClosedThrough = new AvroReader(value).ReadInt();
            return;
        }
        var decoded = DecodeKey(key[1..]);
        _lines.Remove(decoded);
        if (!deleted) _lines.Add(decoded, DecodeLine(decoded, value));
        FindFirst();
    }

    BillingLine LineOf(string customer, string meter, Terms terms, int period)
    {
        var key = new BillingKey(period, customer, terms.ContractId, terms.ContractVersion, terms.Rates!.Currency, terms.LegalEntity,
            terms.Product, meter);
        if (!_lines.TryGetValue(key, out var line)) _lines.Add(key, line = new(key));
        line.TermsId = terms.Id;
        FirstPeriod = Math.Min(FirstPeriod, period);
        return line;
    }

    void FindFirst() => FirstPeriod = _lines.Count == 0 ? int.MaxValue : _lines.First().Key.Period;

    ReadOnlySpan<byte> Encode(BillingKey key)
    {
        _key.ResetWrittenCount();
        _key.Write([LineKey]);
        var writer = new AvroWriter(_key);
        writer.WriteInt(key.Period);
        writer.WriteString(key.Customer);
        writer.WriteString(key.Contract);
        writer.WriteInt(key.Version);
        writer.WriteString(key.Currency);
        writer.WriteString(key.LegalEntity);
        writer.WriteString(key.Product);
        writer.WriteString(key.Meter);
        return _key.WrittenSpan;
    }

    static BillingKey DecodeKey(ReadOnlySpan<byte> key)
    {
        var reader = new AvroReader(key);
        return new(reader.ReadInt(), reader.ReadString(), reader.ReadString(), reader.ReadInt(), reader.ReadString(), reader.ReadString(), reader.ReadString(), reader.ReadString());
    }

    ReadOnlySpan<byte> Encode(BillingLine line)
    {
        _value.ResetWrittenCount();
        var writer = new AvroWriter(_value);
        writer.WriteDecimal(line.Quantity);
        writer.WriteDecimal(line.Amount);
        writer.WriteLong(line.Windows);
        writer.WriteLong(line.Events);
        writer.WriteLong(line.FirstOffset);
        writer.WriteLong(line.LastOffset);
        return _value.WrittenSpan;
    }

    static BillingLine DecodeLine(BillingKey key, ReadOnlySpan<byte> value)
    {
        var reader = new AvroReader(value);
        return new(key)
        {
            Quantity = ExactDecimal.FromAvro(reader.ReadBytes()),
            Amount = ExactDecimal.FromAvro(reader.ReadBytes()),
            Windows = reader.ReadLong(),
            Events = reader.ReadLong(),
            FirstOffset = reader.ReadLong(),
            LastOffset = reader.ReadLong(),
        };
    }
}
