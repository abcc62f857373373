using System.Buffers;
using System.Buffers.Binary;
using Streams.Schemas;
using Streams.Schemas.Avro;

namespace Streams.Aggregators.Metering;

/// <summary>
/// Accounts as entries of a pack, one after the other. Starts and terms of windows are written as what changed since the entry before: within a pack they
/// hardly do.
/// </summary>
sealed class AccountCodec(AccountTable accounts, WindowChains windows, Func<UInt128, HeldTerms> hold)
{
    const int Removed = 0, Int128Size = 16;

    readonly ArrayBufferWriter<byte> _entry = new(1024);
    long _start;
    HeldTerms? _terms;

    /// <summary>At the beginning of a pack.</summary>
    public void Restart()
    {
        _start = 0;
        _terms = null;
    }

    public void Write(IBufferWriter<byte> pack, int number)
    {
        _entry.ResetWrittenCount();
        var writer = new AvroWriter(_entry);
        ref var account = ref accounts[number];
        writer.WriteBytes(accounts.Key(number));
        var count = 0;
        for (var next = account.Windows; next != Account.None; next = windows[next].Next) count++;
        writer.WriteInt(count + 1);
        writer.WriteInt(account.Period);
        writer.WriteDecimal(account.Quantity);
        for (var next = account.Windows; next != Account.None; next = windows[next].Next) Write(writer, windows[next]);
        new AvroWriter(pack).WriteBytes(_entry.WrittenSpan);
    }

    public void WriteRemoval(IBufferWriter<byte> pack, ReadOnlySpan<byte> key)
    {
        _entry.ResetWrittenCount();
        var writer = new AvroWriter(_entry);
        writer.WriteBytes(key);
        writer.WriteInt(Removed);
        new AvroWriter(pack).WriteBytes(_entry.WrittenSpan);
    }

    /// <summary>The key of an entry: customer, a zero byte, meter.</summary>
    public static ReadOnlySpan<byte> KeyOf(ReadOnlySpan<byte> entry) => new AvroReader(entry).ReadBytes();

    /// <summary>Takes an entry in; an account's windows are replaced.</summary>
    /// <returns>The account's number; <see cref="Account.None"/> when it was removed, or never there.</returns>
    public int Read(ReadOnlySpan<byte> entry, uint hash)
    {
        var reader = new AvroReader(entry);
        var key = reader.ReadBytes();
        var end = key.IndexOf((byte)0);
        var account = accounts.Find(hash, key[..end], key[(end + 1)..]);
        var count = reader.ReadInt();
        if (account != Account.None) windows.RemoveAll(account);
        if (count == Removed)
        {
            if (account != Account.None) accounts.Remove(account);
            return Account.None;
        }
        if (account == Account.None) account = accounts.Add(hash, key[..end], key[(end + 1)..]);
        ref var row = ref accounts[account];
        row.Period = reader.ReadInt();
        row.Quantity = ExactDecimal.FromAvro(reader.ReadBytes());
        for (; count > 1; count--) windows.Add(account, ReadWindow(ref reader));
        reader.ExpectEnd();
        return account;
    }

    void Write(AvroWriter writer, in OpenWindow window)
    {
        writer.WriteLong(window.Start - _start);
        _start = window.Start;
        writer.WriteBoolean(window.Terms != _terms);
        if (window.Terms != _terms)
        {
            Span<byte> id = stackalloc byte[Int128Size];
            BinaryPrimitives.WriteUInt128BigEndian(id, window.Terms.Id);
            writer.WriteFixed(id);
            _terms = window.Terms;
        }
        writer.WriteLong(window.Events);
        writer.WriteDecimal(window.Quantity);
        writer.WriteLong(window.FirstOffset);
        writer.WriteLong(window.LastOffset - window.FirstOffset);
    }

    OpenWindow ReadWindow(ref AvroReader reader)
    {
        _start += reader.ReadLong();
        if (reader.ReadBoolean()) _terms = hold(BinaryPrimitives.ReadUInt128BigEndian(reader.ReadFixed(Int128Size)));
        var (events, quantity, first) = (reader.ReadLong(), ExactDecimal.FromAvro(reader.ReadBytes()), reader.ReadLong());
        return new() { Start = _start, Terms = _terms!, Events = events, Quantity = quantity, FirstOffset = first, LastOffset = first + reader.ReadLong() };
    }
}
