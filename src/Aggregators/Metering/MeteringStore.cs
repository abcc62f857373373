using System.Buffers;
using System.Buffers.Binary;
using Streams.Aggregators.Rating;
using Streams.Schemas;
using Streams.Schemas.Avro;
using Streams.Streaming;

namespace Streams.Aggregators.Metering;

/// <summary>
/// Stream time, totals, accounts with their open windows and period quantities, and the terms that open windows are rated by. Its changelog holds one
/// record for the clock ("c"), packs of accounts (<see cref="AccountPacks"/>) and one record for each terms ("t" and their id).
/// </summary>
public sealed class MeteringStore : IStateStore
{
    const byte ClockKey = (byte)'c', TermsKey = (byte)'t';
    const int Int128Size = 16;
    const int Ahead = 16;

    readonly AccountTable _accounts = new();
    readonly WindowChains _windows;
    readonly AccountPacks _packs;
    readonly OpenSlices _slices = new();
    readonly Dictionary<UInt128, HeldTerms> _terms = [];
    readonly List<int> _dirty = [];
    readonly List<byte[]> _removed = [];
    readonly List<UInt128> _removedTerms = [];
    readonly List<HeldTerms> _newTerms = [];
    readonly ArrayBufferWriter<byte> _value = new(1024);
    HeldTerms? _recentTerms;
    bool _clockDirty;

    public MeteringStore(string name)
    {
        Name = name;
        _windows = new(_accounts);
        _packs = new(_accounts, _windows, new(_accounts, _windows, Hold));
    }

    public string Name { get; }

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

    public static uint HashOf(ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter) => AccountTable.Hash(customer, meter);

    /// <summary>The account's number, or <see cref="Account.None"/>.</summary>
    public int FindAccount(uint hash, ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter) => _accounts.Find(hash, customer, meter);

    public int AddAccount(ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter) => _accounts.Add(HashOf(customer, meter), customer, meter);

    /// <summary>Brings the place of an account in the table near.</summary>
    public void FetchSlot(uint hash) => _accounts.FetchSlot(hash);

    /// <summary>Brings an account near whose place in the table is.</summary>
    public void FetchAccount(uint hash) => _accounts.FetchAccountOf(hash);

    /// <summary>Brings an account's key and latest window near; the account is.</summary>
    public void FetchDetails(uint hash) => _windows.FetchDetailsOf(hash);

    /// <summary>The number of the account's open window of this start, or <see cref="Account.None"/>.</summary>
    public int FindWindow(int account, long start) => _windows.Find(account, start);

    /// <summary>An account's open windows, for readers that know it by name.</summary>
    public List<OpenWindow> OpenWindows(ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter)
    {
        var (found, account) = (new List<OpenWindow>(), FindAccount(HashOf(customer, meter), customer, meter));
        for (var next = account == Account.None ? Account.None : _accounts[account].Windows; next != Account.None; next = _windows[next].Next) found.Add(_windows[next]);
        return found;
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
        var window = _windows.Add(account, new() { Start = start, Terms = held });
        _slices.Add(start, window);
        return window;
    }

    /// <summary>Closes a window that was taken out by <see cref="TakeFirst"/>.</summary>
    public void Close(int window) => _windows.Remove(window);

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

    /// <summary>While windows taken out are rated one after the other: brings near what the ones behind <paramref name="at"/> need.</summary>
    public void FetchBehind(ReadOnlySpan<int> taken, int at)
    {
        if (at + Ahead < taken.Length) _windows.Fetch(taken[at + Ahead]);
        if (at + Ahead / 2 < taken.Length) _accounts.FetchAccount(_windows[taken[at + Ahead / 2]].Account);
        if (at + Ahead / 4 < taken.Length) _windows.FetchDetails(_windows[taken[at + Ahead / 4]].Account);
    }

    /// <summary>Forgets the accounts whose billing period lies before <paramref name="period"/> and that have no open window, and terms that no window needs.</summary>
    public void Sweep(int period)
    {
        foreach (var account in _accounts.Ordered())
        {
            ref var row = ref _accounts[account];
            if (row.Period >= period || row.Windows != Account.None) continue;
            _removed.Add(_accounts.Key(account).ToArray());
            row.Dirty = false;
            _accounts.Remove(account);
        }
        _dirty.RemoveAll(a => !_accounts[a].Dirty);
        _accounts.Compact();
        var needed = _slices.Windows.Select(w => _windows[w].Terms).ToHashSet();
        foreach (var held in _terms.Values.Where(t => !needed.Contains(t)).OrderBy(t => t.Id).ToList())
        {
            _removedTerms.Add(held.Id);
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
        foreach (var id in _removedTerms) changelog.Delete(KeyOf(id));
        foreach (var held in _newTerms) Put(changelog, held.Terms!);
        var packs = _packs.Last;
        _packs.Write(changelog, _removed, _dirty);
        if (_clockDirty || packs != _packs.Last) PutClock(changelog);
        _packs.Delete(changelog);
        _newTerms.Clear();
        _removedTerms.Clear();
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
            case AccountPacks.Kind:
                _packs.Restore(key, value, deleted);
                break;
            default:
                throw new InvalidDataException($"The changelog of store {Name} holds a key of unknown kind {key[0]}; if an earlier version wrote it, reset the application");
        }
    }

    HeldTerms Hold(UInt128 id)
    {
        if (_recentTerms?.Id == id) return _recentTerms;
        if (!_terms.TryGetValue(id, out var held)) _terms.Add(id, held = new(id));
        return _recentTerms = held;
    }

    static byte[] KeyOf(UInt128 terms)
    {
        var key = new byte[1 + Int128Size];
        key[0] = TermsKey;
        BinaryPrimitives.WriteUInt128BigEndian(key.AsSpan(1), terms);
        return key;
    }

    void Put(IChangelog changelog, Terms terms)
    {
        _value.ResetWrittenCount();
        terms.Write(_value);
        changelog.Put(KeyOf(terms.Id), _value.WrittenSpan);
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
        writer.WriteLong(_packs.Last);
        changelog.Put([ClockKey], _value.WrittenSpan);
    }

    void RestoreClock(ReadOnlySpan<byte> value)
    {
        var reader = new AvroReader(value);
        StreamTime = reader.ReadLong();
        Totals = new(reader.ReadLong(), reader.ReadLong(), reader.ReadLong(), reader.ReadLong());
        _packs.Last = Math.Max(_packs.Last, reader.ReadLong());
    }
}

/// <summary>What a partition's task has seen: usage events (flush events are none), and of these the duplicates and the late ones; windows closed.</summary>
public readonly record struct MeteringTotals(long Events, long Duplicates, long Late, long Windows)
{
    public static MeteringTotals operator +(MeteringTotals a, MeteringTotals b) =>
        new(a.Events + b.Events, a.Duplicates + b.Duplicates, a.Late + b.Late, a.Windows + b.Windows);
}
