using System.Buffers;
using System.Buffers.Binary;
using Streams.Aggregators.Rating;
using Streams.Schemas;
using Streams.Schemas.Avro;
using Streams.Streaming;

namespace Streams.Aggregators.Metering;

/// <summary>
/// Stream time, totals, accounts with their open windows and period quantities, and the terms that open windows are rated by. Its changelog holds one
/// record for the clock ("c"), one for each account ("a" and its key) and one for each terms ("t" and their id).
/// </summary>
public sealed class MeteringStore(string name) : IStateStore
{
    const byte ClockKey = (byte)'c', AccountKey = (byte)'a', TermsKey = (byte)'t';
    const int Int128Size = 16;

    readonly AccountTable _accounts = new();
    readonly SortedDictionary<long, List<OpenWindow>> _slices = [];
    readonly Dictionary<UInt128, Terms> _terms = [];
    readonly List<Account> _dirty = [];
    readonly List<byte[]> _removed = [];
    readonly List<Terms> _newTerms = [];
    readonly ArrayBufferWriter<byte> _key = new(256);
    readonly ArrayBufferWriter<byte> _value = new(1024);
    List<OpenWindow>? _recentSlice;
    long _recentStart;
    bool _clockDirty;

    public string Name => name;

    /// <summary>The highest event time seen, in microseconds; <see cref="long.MinValue"/> before the first event.</summary>
    public long StreamTime { get; private set; } = long.MinValue;

    /// <summary>Events, duplicates, late events and closed windows since the beginning.</summary>
    public MeteringTotals Totals { get; private set; } = new();

    /// <summary>The earliest start of an open window; <see cref="long.MaxValue"/> when none is open.</summary>
    public long FirstOpen { get; private set; } = long.MaxValue;

    public int AccountCount => _accounts.Count;

    public Account? FindAccount(ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter) => _accounts.Find(customer, meter);

    public Account AddAccount(ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter) => _accounts.Add(customer, meter);

    public void Advance(long time)
    {
        StreamTime = Math.Max(StreamTime, time);
        _clockDirty = true;
    }

    public void Count(MeteringTotals more)
    {
        Totals += more;
        _clockDirty = true;
    }

    public OpenWindow Open(Account account, long start, Terms terms)
    {
        if (_terms.TryAdd(terms.Id, terms)) _newTerms.Add(terms);
        var window = new OpenWindow { Account = account, Start = start, TermsId = terms.Id, Terms = _terms[terms.Id], Next = account.Windows };
        account.Windows = window;
        Slice(start).Add(window);
        return window;
    }

    public void Touch(Account account)
    {
        if (account.Dirty) return;
        account.Dirty = true;
        _dirty.Add(account);
    }

    /// <summary>Takes out the earliest open windows, those of one start, in the order of (customer, meter).</summary>
    public List<OpenWindow> TakeFirst()
    {
        var windows = _slices[FirstOpen];
        _slices.Remove(FirstOpen);
        _recentSlice = null;
        FirstOpen = _slices.Count == 0 ? long.MaxValue : _slices.First().Key;
        _accounts.Rank();
        windows.Sort(static (a, b) => a.Account.Rank.CompareTo(b.Account.Rank));
        return windows;
    }

    /// <summary>Forgets the accounts whose billing period lies before <paramref name="period"/> and that have no open window, and terms that no window needs.</summary>
    public void Sweep(int period)
    {
        foreach (var account in _accounts.RemoveAll(a => a.Period < period && a.Windows is null))
        {
            _removed.Add([AccountKey, .. account.Key]);
            account.Dirty = false;
        }
        _dirty.RemoveAll(a => !a.Dirty);
        var needed = _slices.Values.SelectMany(s => s).Select(w => w.TermsId).ToHashSet();
        foreach (var id in _terms.Keys.Where(id => !needed.Contains(id)).Order().ToList())
        {
            _removed.Add([TermsKey, .. Bytes(id)]);
            _terms.Remove(id);
        }
        _newTerms.RemoveAll(t => !_terms.ContainsKey(t.Id));
    }

    /// <summary>Joins windows with their terms after the restore, whatever the order of the records was.</summary>
    public void FinishRestore()
    {
        foreach (var window in _slices.Values.SelectMany(s => s))
        {
            window.Terms = _terms.TryGetValue(window.TermsId, out var terms)
                ? terms : throw new InvalidDataException($"The changelog of store {Name} lacks the terms {window.TermsId:x32}");
        }
    }

    public void Flush(IChangelog changelog)
    {
        // What was forgotten may have come back since, so deletions go first.
        foreach (var key in _removed) changelog.Delete(key);
        foreach (var terms in _newTerms) Put(changelog, terms);
        foreach (var account in _dirty) Put(changelog, account);
        if (_clockDirty) PutClock(changelog);
        _newTerms.Clear();
        _removed.Clear();
        _dirty.Clear();
        _clockDirty = false;
    }

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        switch (key[0])
        {
            case ClockKey:
                RestoreClock(value);
                break;
            case TermsKey:
                if (deleted) _terms.Remove(BinaryPrimitives.ReadUInt128BigEndian(key[1..]));
                else if (Terms.Read(value) is var terms) _terms[terms.Id] = terms;
                break;
            case AccountKey:
                RestoreAccount(key[1..], value, deleted);
                break;
            default:
                throw new InvalidDataException($"The changelog of store {Name} holds a key of unknown kind {key[0]}");
        }
    }

    List<OpenWindow> Slice(long start)
    {
        if (_recentSlice is { } recent && _recentStart == start) return recent;
        if (!_slices.TryGetValue(start, out var slice)) _slices.Add(start, slice = []);
        FirstOpen = Math.Min(FirstOpen, start);
        (_recentSlice, _recentStart) = (slice, start);
        return slice;
    }

    ReadOnlySpan<byte> KeyOf(byte kind, ReadOnlySpan<byte> rest)
    {
        _key.ResetWrittenCount();
        _key.Write([kind]);
        _key.Write(rest);
        return _key.WrittenSpan;
    }

    void Put(IChangelog changelog, Terms terms)
    {
        _value.ResetWrittenCount();
        terms.Write(_value);
        changelog.Put(KeyOf(TermsKey, Bytes(terms.Id)), _value.WrittenSpan);
    }

    static byte[] Bytes(UInt128 id)
    {
        var bytes = new byte[Int128Size];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, id);
        return bytes;
    }

    void Put(IChangelog changelog, Account account)
    {
        account.Dirty = false;
        _value.ResetWrittenCount();
        var writer = new AvroWriter(_value);
        writer.WriteInt(account.CustomerBytes.Length);
        writer.WriteInt(account.Period);
        WriteDecimal(writer, account.Quantity);
        Span<byte> id = stackalloc byte[Int128Size];
        for (var window = account.Windows; window is not null; window = window.Next)
        {
            writer.WriteLong(window.Start);
            writer.WriteLong(window.Events);
            WriteDecimal(writer, window.Quantity);
            writer.WriteLong(window.FirstOffset);
            writer.WriteLong(window.LastOffset);
            BinaryPrimitives.WriteUInt128BigEndian(id, window.TermsId);
            writer.WriteFixed(id);
        }
        changelog.Put(KeyOf(AccountKey, account.Key), _value.WrittenSpan);
    }

    void RestoreAccount(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        if (deleted)
        {
            var removed = key.ToArray();
            foreach (var old in _accounts.RemoveAll(a => a.Key.AsSpan().SequenceEqual(removed))) Drop(old);
            return;
        }
        var reader = new AvroReader(value);
        var customerLength = reader.ReadInt();
        var customer = key[..customerLength];
        var meter = key[(customerLength + 1)..];
        var account = _accounts.Find(customer, meter) ?? _accounts.Add(customer, meter);
        Drop(account);
        account.Period = reader.ReadInt();
        account.Quantity = ExactDecimal.FromAvro(reader.ReadBytes());
        while (reader.Remaining > 0)
        {
            var window = new OpenWindow
            {
                Account = account,
                Start = reader.ReadLong(),
                Events = reader.ReadLong(),
                Quantity = ExactDecimal.FromAvro(reader.ReadBytes()),
                FirstOffset = reader.ReadLong(),
                LastOffset = reader.ReadLong(),
                TermsId = BinaryPrimitives.ReadUInt128BigEndian(reader.ReadFixed(Int128Size)),
                Next = account.Windows,
            };
            account.Windows = window;
            Slice(window.Start).Add(window);
        }
    }

    /// <summary>Takes an account's windows out again: a later record of the changelog replaces an earlier one.</summary>
    void Drop(Account account)
    {
        for (var window = account.Windows; window is not null; window = window.Next)
        {
            var slice = _slices[window.Start];
            slice.Remove(window);
            if (slice.Count == 0) _slices.Remove(window.Start);
        }
        account.Windows = null;
        _recentSlice = null;
        FirstOpen = _slices.Count == 0 ? long.MaxValue : _slices.First().Key;
    }

    void PutClock(IChangelog changelog)
    {
        _value.ResetWrittenCount();
        var writer = new AvroWriter(_value);
        writer.WriteLong(StreamTime);
        writer.WriteLong(Totals.Events);
        writer.WriteLong(Totals.Duplicates);
        writer.WriteLong(Totals.Late);
        writer.WriteLong(Totals.Windows);
        changelog.Put(KeyOf(ClockKey, default), _value.WrittenSpan);
    }

    void RestoreClock(ReadOnlySpan<byte> value)
    {
        var reader = new AvroReader(value);
        StreamTime = reader.ReadLong();
        Totals = new(reader.ReadLong(), reader.ReadLong(), reader.ReadLong(), reader.ReadLong());
    }

    static void WriteDecimal(AvroWriter writer, ExactDecimal value)
    {
        Span<byte> bytes = stackalloc byte[Int128Size];
        writer.WriteBytes(bytes[..value.ToAvro(bytes)]);
    }
}

/// <summary>What a partition's task has seen: usage events (flush events are none), and of these the duplicates and the late ones; windows closed.</summary>
public readonly record struct MeteringTotals(long Events, long Duplicates, long Late, long Windows)
{
    public static MeteringTotals operator +(MeteringTotals a, MeteringTotals b) =>
        new(a.Events + b.Events, a.Duplicates + b.Duplicates, a.Late + b.Late, a.Windows + b.Windows);
}
