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
    readonly Slab<OpenWindow> _windows = new();
    readonly OpenSlices _slices = new();
    readonly Dictionary<UInt128, HeldTerms> _terms = [];
    readonly List<int> _dirty = [];
    readonly List<byte[]> _removed = [];
    readonly List<HeldTerms> _newTerms = [];
    readonly ArrayBufferWriter<byte> _key = new(256);
    readonly ArrayBufferWriter<byte> _value = new(1024);
    HeldTerms? _recentTerms;
    bool _clockDirty;

    public string Name => name;

    /// <summary>The highest event time seen, in microseconds; <see cref="long.MinValue"/> before the first event.</summary>
    public long StreamTime { get; private set; } = long.MinValue;

    /// <summary>Events, duplicates, late events and closed windows since the beginning.</summary>
    public MeteringTotals Totals { get; private set; } = new();

    /// <summary>The earliest start of an open window; <see cref="long.MaxValue"/> when none is open.</summary>
    public long FirstOpen => _slices.First;

    public int AccountCount => _accounts.Count;

    public int WindowCount => _windows.Count;

    public ref Account this[int account] => ref _accounts[account];

    public ref OpenWindow Window(int window) => ref _windows[window];

    public ReadOnlySpan<byte> Customer(int account) => _accounts.Customer(account);

    public ReadOnlySpan<byte> Meter(int account) => _accounts.Meter(account);

    /// <summary>The account's number, or <see cref="Account.None"/>.</summary>
    public int FindAccount(ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter) => _accounts.Find(customer, meter);

    public int AddAccount(ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter) => _accounts.Add(customer, meter);

    /// <summary>The number of the account's open window of this start, or <see cref="Account.None"/>.</summary>
    public int FindWindow(int account, long start)
    {
        var window = account == Account.None ? Account.None : _accounts[account].Windows;
        while (window != Account.None && _windows[window].Start != start) window = _windows[window].Next;
        return window;
    }

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

    /// <summary>Opens a window and returns its number.</summary>
    public int Open(int account, long start, Terms terms)
    {
        var held = Hold(terms.Id);
        if (held.Terms is null)
        {
            held.Terms = terms;
            _newTerms.Add(held);
        }
        var window = Link(account, new() { Start = start, Terms = held });
        _slices.Add(start, window);
        return window;
    }

    /// <summary>Closes a window that was taken out by <see cref="TakeFirst"/>.</summary>
    public void Close(int window)
    {
        ref var account = ref _accounts[_windows[window].Account];
        Unlink(ref account, window);
        _windows.Free(window);
    }

    public void Touch(int account)
    {
        ref var touched = ref _accounts[account];
        if (touched.Dirty) return;
        touched.Dirty = true;
        _dirty.Add(account);
    }

    /// <summary>Takes out the earliest open windows, those of one start, in the order of (customer, meter). Good until the next call.</summary>
    public ReadOnlySpan<int> TakeFirst()
    {
        _accounts.Rank();
        return _slices.TakeFirst(_windows, _accounts);
    }

    /// <summary>Forgets the accounts whose billing period lies before <paramref name="period"/> and that have no open window, and terms that no window needs.</summary>
    public void Sweep(int period)
    {
        foreach (var account in _accounts.Ordered())
        {
            ref var row = ref _accounts[account];
            if (row.Period >= period || row.Windows != Account.None) continue;
            _removed.Add([AccountKey, .. _accounts.Key(account)]);
            row.Dirty = false;
            _accounts.Remove(account);
        }
        _dirty.RemoveAll(a => !_accounts[a].Dirty);
        _accounts.Compact();
        var needed = _slices.Windows.Select(w => _windows[w].Terms).ToHashSet();
        foreach (var held in _terms.Values.Where(t => !needed.Contains(t)).OrderBy(t => t.Id).ToList())
        {
            _removed.Add([TermsKey, .. Bytes(held.Id)]);
            _terms.Remove(held.Id);
        }
        _recentTerms = null;
        _newTerms.RemoveAll(t => !_terms.ContainsKey(t.Id));
    }

    /// <summary>
    /// After the restore: orders the open windows by their starts, which would be in vain for each record that a later one replaces, and sees to it that each
    /// has its terms, whatever the order of the records was.
    /// </summary>
    public void FinishRestore()
    {
        _slices.Clear();
        foreach (var account in _accounts.All) SliceWindows(account);
        foreach (var deleted in _terms.Values.Where(t => t.Terms is null).ToList()) _terms.Remove(deleted.Id);
        _recentTerms = null;
    }

    void SliceWindows(int account)
    {
        for (var next = _accounts[account].Windows; next != Account.None; next = _windows[next].Next)
        {
            ref var window = ref _windows[next];
            if (window.Terms is { Terms: null } missing) throw new InvalidDataException($"The changelog of store {Name} lacks the terms {missing.Id:x32}");
            _slices.Add(window.Start, next);
        }
    }

    public void Flush(IChangelog changelog)
    {
        // What was forgotten may have come back since, so deletions go first.
        foreach (var key in _removed) changelog.Delete(key);
        foreach (var held in _newTerms) Put(changelog, held.Terms!);
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
                // What was deleted may be needed by a window that is deleted itself only later: it stays, empty, until the end of the restore.
                Hold(BinaryPrimitives.ReadUInt128BigEndian(key[1..])).Terms = deleted ? null : Terms.Read(value);
                break;
            case AccountKey:
                RestoreAccount(key[1..], value, deleted);
                break;
            default:
                throw new InvalidDataException($"The changelog of store {Name} holds a key of unknown kind {key[0]}");
        }
    }

    HeldTerms Hold(UInt128 id)
    {
        if (_recentTerms?.Id == id) return _recentTerms;
        if (!_terms.TryGetValue(id, out var held)) _terms.Add(id, held = new(id));
        return _recentTerms = held;
    }

    int Link(int account, in OpenWindow content)
    {
        var number = _windows.Take();
        ref var window = ref _windows[number];
        window = content;
        window.Account = account;
        window.Next = _accounts[account].Windows;
        _accounts[account].Windows = number;
        return number;
    }

    void Unlink(ref Account account, int closed)
    {
        if (account.Windows == closed)
        {
            account.Windows = _windows[closed].Next;
            return;
        }
        for (var window = account.Windows; window != Account.None; window = _windows[window].Next)
        {
            if (_windows[window].Next == closed) _windows[window].Next = _windows[closed].Next;
        }
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

    void Put(IChangelog changelog, int number)
    {
        ref var account = ref _accounts[number];
        account.Dirty = false;
        _value.ResetWrittenCount();
        var writer = new AvroWriter(_value);
        writer.WriteInt(account.CustomerLength);
        writer.WriteInt(account.Period);
        WriteDecimal(writer, account.Quantity);
        Span<byte> id = stackalloc byte[Int128Size];
        for (var next = account.Windows; next != Account.None; next = _windows[next].Next)
        {
            ref var window = ref _windows[next];
            writer.WriteLong(window.Start);
            writer.WriteLong(window.Events);
            WriteDecimal(writer, window.Quantity);
            writer.WriteLong(window.FirstOffset);
            writer.WriteLong(window.LastOffset);
            BinaryPrimitives.WriteUInt128BigEndian(id, window.Terms.Id);
            writer.WriteFixed(id);
        }
        changelog.Put(KeyOf(AccountKey, _accounts.Key(number)), _value.WrittenSpan);
    }

    void RestoreAccount(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        if (deleted)
        {
            RestoreDeletion(key);
            return;
        }
        var reader = new AvroReader(value);
        var customerLength = reader.ReadInt();
        var customer = key[..customerLength];
        var meter = key[(customerLength + 1)..];
        var account = _accounts.Find(customer, meter);
        if (account == Account.None) account = _accounts.Add(customer, meter);
        Drop(account);
        _accounts[account].Period = reader.ReadInt();
        _accounts[account].Quantity = ExactDecimal.FromAvro(reader.ReadBytes());
        while (reader.Remaining > 0)
        {
            Link(account, new()
            {
                Start = reader.ReadLong(),
                Events = reader.ReadLong(),
                Quantity = ExactDecimal.FromAvro(reader.ReadBytes()),
                FirstOffset = reader.ReadLong(),
                LastOffset = reader.ReadLong(),
                Terms = Hold(BinaryPrimitives.ReadUInt128BigEndian(reader.ReadFixed(Int128Size))),
            });
        }
    }

    void RestoreDeletion(ReadOnlySpan<byte> key)
    {
        var end = key.IndexOf((byte)0);
        var account = _accounts.Find(key[..end], key[(end + 1)..]);
        if (account == Account.None) return;
        Drop(account);
        _accounts.Remove(account);
    }

    /// <summary>Takes an account's windows out again: a later record of the changelog replaces an earlier one.</summary>
    void Drop(int account)
    {
        ref var row = ref _accounts[account];
        while (row.Windows != Account.None)
        {
            var window = row.Windows;
            row.Windows = _windows[window].Next;
            _windows.Free(window);
        }
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
