using System.Buffers;
using System.Buffers.Binary;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Schemas.Avro;

namespace Streams.Aggregators.Billing;

/// <summary>Events of a period that were set aside because nothing prices them: how many, and between which offsets.</summary>
public readonly record struct ParkedUsage(long Events, long FirstOffset, long LastOffset);

/// <summary>Where the billing of one contract stands: its invoicing, the usage of periods that are open or can still be corrected, and what waits.</summary>
public sealed class ContractAccount(string contract, string customer)
{
    /// <summary>Corrections of single events that are remembered; more are refused.</summary>
    public const int MaxCorrected = 10_000;

    const long DayMicros = 86_400_000_000;

    public string Contract => contract;

    public string Customer => customer;

    byte[]? _state;

    /// <summary>Null before the contract's start. Kept as bytes: each read makes it anew, so read it where <see cref="Next"/>, <see cref="Ended"/> and <see cref="FirstClosed"/> are not enough.</summary>
    public InvoicingState? State
    {
        get => _state is null ? null : StoredState.Unpack(_state);
        set
        {
            _state = value is null ? null : StoredState.Pack(value);
            Stand(value);
        }
    }

    /// <summary>Whether the contract's start was billed.</summary>
    public bool IsBegun => _state is not null;

    /// <summary>The open period.</summary>
    public int Next { get; private set; }

    /// <summary>There is no open period any more.</summary>
    public bool Ended { get; private set; }

    /// <summary>The first of the closed periods that can still be corrected; the open one where there is none.</summary>
    public int FirstClosed { get; private set; }

    /// <summary>Usage of its open and correctable periods.</summary>
    public SortedDictionary<SliceKey, UsageSlice> Slices { get; } = [];

    /// <summary>Identities of events that were corrected, by the period of the original, with the identity of what corrected them.</summary>
    public SortedDictionary<(int Ordinal, UInt128 Original), UInt128> Corrected { get; } = [];

    public SortedDictionary<int, ParkedUsage> Parked { get; } = [];

    /// <summary>Closed periods whose usage changed since.</summary>
    public SortedSet<int> Changed { get; } = [];

    /// <summary>When the first of them changed, in stream time.</summary>
    public long ChangedAt { get; set; }

    /// <summary>Why it cannot be billed, and since when; null: it can.</summary>
    public string? Blocked { get; internal set; }

    public long BlockedAt { get; internal set; }

    /// <summary>There was usage since a threshold was looked for last.</summary>
    public bool Touched { get; set; }

    /// <summary>When something is to be done, in stream time; not stored.</summary>
    public long Due { get; set; } = long.MaxValue;

    /// <summary>Changed since the last commit.</summary>
    public bool Dirty { get; set; }

    /// <summary>When changes of closed periods become documents: at the next midnight (UTC) behind the first of them, so that a day's changes are one document.</summary>
    public long ChangesDue => Changed.Count == 0 ? long.MaxValue : Midnight(ChangedAt);

    public static long Midnight(long after) => (after / DayMicros + 1) * DayMicros;

    void Stand(InvoicingState? state)
    {
        (Next, Ended) = (state?.Next ?? 0, state?.Ended ?? false);
        FirstClosed = state is { Closed: [var first, ..] } ? first.Ordinal : Next;
    }

    public void Park(int ordinal, long offset) =>
        Parked[ordinal] = Parked.TryGetValue(ordinal, out var known) ? new(known.Events + 1, known.FirstOffset, offset) : new(1, offset, offset);

    public void Change(int ordinal, long streamTime)
    {
        if (Changed.Count == 0) ChangedAt = streamTime;
        Changed.Add(ordinal);
    }

    /// <summary>Usage that nothing can change any more; a period more than the last correctable one is kept for the levels of its gauges.</summary>
    public List<SliceKey> Forget()
    {
        if (!IsBegun) return [];
        var first = FirstClosed - 1;
        var gone = Slices.Keys.TakeWhile(k => k.Ordinal < first).ToList();
        foreach (var key in gone) Slices.Remove(key);
        foreach (var key in Corrected.Keys.TakeWhile(k => k.Ordinal < first).ToList()) Corrected.Remove(key);
        foreach (var ordinal in Parked.Keys.TakeWhile(o => o < first).ToList()) Parked.Remove(ordinal);
        return gone;
    }

    public void Write(IBufferWriter<byte> output)
    {
        var writer = new AvroWriter(output);
        writer.WriteString(customer);
        writer.WriteBytes(_state);
        Span<byte> id = stackalloc byte[16];
        writer.WriteInt(Corrected.Count);
        foreach (var ((ordinal, original), by) in Corrected)
        {
            writer.WriteInt(ordinal);
            BinaryPrimitives.WriteUInt128BigEndian(id, original);
            writer.WriteFixed(id);
            BinaryPrimitives.WriteUInt128BigEndian(id, by);
            writer.WriteFixed(id);
        }
        writer.WriteInt(Parked.Count);
        foreach (var (ordinal, parked) in Parked)
        {
            writer.WriteInt(ordinal);
            writer.WriteLong(parked.Events);
            writer.WriteLong(parked.FirstOffset);
            writer.WriteLong(parked.LastOffset);
        }
        writer.WriteInt(Changed.Count);
        foreach (var ordinal in Changed) writer.WriteInt(ordinal);
        writer.WriteLong(ChangedAt);
        writer.WriteString(Blocked ?? "");
        writer.WriteLong(BlockedAt);
        writer.WriteBoolean(Touched);
    }

    public static ContractAccount Read(string contract, ReadOnlySpan<byte> bytes)
    {
        var reader = new AvroReader(bytes);
        var account = new ContractAccount(contract, reader.ReadString());
        var state = reader.ReadBytes();
        if (state.Length > 0)
        {
            account._state = state.ToArray();
            account.Stand(account.State);
        }
        for (var count = reader.ReadInt(); count > 0; count--)
        {
            var ordinal = reader.ReadInt();
            var original = BinaryPrimitives.ReadUInt128BigEndian(reader.ReadFixed(16));
            account.Corrected.Add((ordinal, original), BinaryPrimitives.ReadUInt128BigEndian(reader.ReadFixed(16)));
        }
        for (var count = reader.ReadInt(); count > 0; count--) account.Parked.Add(reader.ReadInt(), new(reader.ReadLong(), reader.ReadLong(), reader.ReadLong()));
        for (var count = reader.ReadInt(); count > 0; count--) account.Changed.Add(reader.ReadInt());
        account.ChangedAt = reader.ReadLong();
        account.Blocked = reader.ReadString() is { Length: > 0 } reason ? reason : null;
        account.BlockedAt = reader.ReadLong();
        account.Touched = reader.ReadBoolean();
        reader.ExpectEnd();
        return account;
    }
}
