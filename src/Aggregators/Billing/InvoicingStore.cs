using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Streams.Rating.Contracts;
using Streams.Rating.Periods;
using Streams.Schemas.Avro;
using Streams.Streaming;

namespace Streams.Aggregators.Billing;

/// <summary>
/// The contracts of the partition's customers: where their invoicing stands, and their usage. Changelog: "c" and the contract, "u" and a slice's key, "m" and a
/// meter's fingerprint. What was restored is read when it is needed first.
/// </summary>
public sealed class InvoicingStore(string name) : IStateStore, IDisposable
{
    public const string Store = "invoicing";

    const byte AccountKey = (byte)'c', SliceKeyKind = (byte)'u', MeterKey = (byte)'m';

    readonly SortedDictionary<string, ContractAccount> _accounts = new(StringComparer.Ordinal);
    readonly Dictionary<ulong, Meter> _meters = [];
    readonly SortedSet<(long Due, string Contract)> _due = new(DueOrder.Instance);
    readonly SortedDictionary<SliceKey, byte[]> _unread = [];
    readonly SortedSet<string> _touched = new(StringComparer.Ordinal);
    readonly List<ContractAccount> _dirty = [];
    readonly List<UsageSlice> _dirtySlices = [];
    readonly List<SliceKey> _removed = [];
    readonly List<Meter> _newMeters = [];
    readonly ArrayBufferWriter<byte> _key = new(256);
    readonly ArrayBufferWriter<byte> _value = new(1024);

    int _blocked, _blockedTold;

    public string Name => name;

    /// <summary>By contract.</summary>
    public IReadOnlyDictionary<string, ContractAccount> Accounts => _accounts;

    /// <summary>Contracts with usage since a threshold was looked for.</summary>
    public IReadOnlyCollection<string> Touched => _touched;

    public ContractAccount? Find(string contract) => _accounts.GetValueOrDefault(contract);

    public ContractAccount Add(string contract, string customer)
    {
        var account = new ContractAccount(contract, customer);
        _accounts.Add(contract, account);
        Touch(account);
        return account;
    }

    /// <summary>The contract with the earliest due time, if that has come.</summary>
    public ContractAccount? FirstDue(long streamTime) => _due.Count > 0 && _due.Min is var first && first.Due <= streamTime ? _accounts[first.Contract] : null;

    public void SetDue(ContractAccount account, long due)
    {
        if (account.Due != long.MaxValue) _due.Remove((account.Due, account.Contract));
        account.Due = due;
        if (due != long.MaxValue) _due.Add((due, account.Contract));
    }

    public void SetTouched(ContractAccount account, bool touched)
    {
        if (account.Touched == touched) return;
        account.Touched = touched;
        if (touched) _touched.Add(account.Contract);
        else _touched.Remove(account.Contract);
        Touch(account);
    }

    /// <summary>Says that a contract cannot be billed, and why; null: it can.</summary>
    public void SetBlocked(ContractAccount account, string? reason, long at)
    {
        _blocked += (reason is null ? 0 : 1) - (account.Blocked is null ? 0 : 1);
        (account.Blocked, account.BlockedAt) = (reason, at);
        Touch(account);
    }

    public void Touch(ContractAccount account)
    {
        if (account.Dirty) return;
        account.Dirty = true;
        _dirty.Add(account);
    }

    public void Touch(UsageSlice slice)
    {
        if (slice.Dirty) return;
        slice.Dirty = true;
        _dirtySlices.Add(slice);
    }

    public UsageSlice Add(ContractAccount account, SliceKey key, Meter meter, SliceKind kind)
    {
        var slice = new UsageSlice(key, meter, kind);
        account.Slices.Add(key, slice);
        if (_meters.TryAdd(meter.Usage.Fingerprint, meter)) _newMeters.Add(meter);
        return slice;
    }

    /// <summary>Lets go of usage that nothing can change any more.</summary>
    public void Forget(ContractAccount account) => _removed.AddRange(account.Forget());

    /// <summary>After the restore: reads the slices, whose meters are all known now.</summary>
    public void FinishRestore()
    {
        foreach (var (key, bytes) in _unread) _accounts[key.Contract].Slices.Add(key, UsageSlice.Read(key, bytes, _meters));
        _unread.Clear();
        foreach (var account in _accounts.Values.Where(a => a.Touched)) _touched.Add(account.Contract);
        _blocked = _accounts.Values.Count(a => a.Blocked is not null);
        TellBlocked(_blocked);
    }

    public void Flush(IChangelog changelog)
    {
        foreach (var key in _removed) changelog.Delete(Encode(key));
        foreach (var meter in _newMeters) changelog.Put(Encode(meter.Usage.Fingerprint), Encoding.UTF8.GetBytes(CanonicalJson.Write(meter)));
        foreach (var account in _dirty)
        {
            account.Dirty = false;
            _value.ResetWrittenCount();
            account.Write(_value);
            changelog.Put([AccountKey, .. Encoding.UTF8.GetBytes(account.Contract)], _value.WrittenSpan);
        }
        foreach (var slice in _dirtySlices)
        {
            slice.Dirty = false;
            if (!_accounts[slice.Key.Contract].Slices.ContainsKey(slice.Key)) continue;
            _value.ResetWrittenCount();
            slice.Write(_value);
            changelog.Put(Encode(slice.Key), _value.WrittenSpan);
        }
        _removed.Clear();
        _newMeters.Clear();
        _dirty.Clear();
        _dirtySlices.Clear();
        TellBlocked(_blocked);
    }

    /// <summary>The task is gone, and its blocked contracts are another process' now.</summary>
    public void Dispose() => TellBlocked(0);

    void TellBlocked(int count)
    {
        Telemetry.Blocked.Add(count - _blockedTold);
        _blockedTold = count;
    }

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        switch (key[0])
        {
            case AccountKey:
                var contract = Encoding.UTF8.GetString(key[1..]);
                _accounts[contract] = ContractAccount.Read(contract, value);
                break;
            case MeterKey:
                _meters[BinaryPrimitives.ReadUInt64BigEndian(key[1..])] = MeterOf(value);
                break;
            case SliceKeyKind:
                if (deleted) _unread.Remove(Decode(key[1..]));
                else _unread[Decode(key[1..])] = value.ToArray();
                break;
            default:
                throw new InvalidDataException($"The changelog of store {Name} holds a key of unknown kind {key[0]}");
        }
    }

    static Meter MeterOf(ReadOnlySpan<byte> json) => ContractFile.Load((byte[])[.. "{\"meters\":["u8, .. json, .. "]}"u8]).Meters.Values.Single();

    static byte[] Encode(ulong fingerprint)
    {
        var key = new byte[1 + sizeof(ulong)];
        key[0] = MeterKey;
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(1), fingerprint);
        return key;
    }

    ReadOnlySpan<byte> Encode(SliceKey key)
    {
        _key.ResetWrittenCount();
        _key.Write([SliceKeyKind]);
        var writer = new AvroWriter(_key);
        writer.WriteString(key.Contract);
        writer.WriteInt(key.Ordinal);
        writer.WriteString(key.Meter);
        writer.WriteLong(key.Window.Start.Micros);
        writer.WriteLong(key.Window.End.Micros);
        return _key.WrittenSpan;
    }

    static SliceKey Decode(ReadOnlySpan<byte> key)
    {
        var reader = new AvroReader(key);
        return new(reader.ReadString(), reader.ReadInt(), reader.ReadString(), new TimeWindow(new(reader.ReadLong()), new(reader.ReadLong())));
    }

    sealed class DueOrder : IComparer<(long Due, string Contract)>
    {
        public static readonly DueOrder Instance = new();

        public int Compare((long Due, string Contract) a, (long Due, string Contract) b) => a.Due != b.Due ? a.Due.CompareTo(b.Due) : string.CompareOrdinal(a.Contract, b.Contract);
    }
}
