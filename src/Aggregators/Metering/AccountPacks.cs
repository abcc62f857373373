using System.Buffers;
using System.Buffers.Binary;
using Streams.Schemas.Avro;
using Streams.Streaming;

namespace Streams.Aggregators.Metering;

/// <summary>
/// Accounts in the changelog: packs of some hundred entries, each a record under a number that is never used again. What changed since the last commit goes
/// into new packs; an account's latest entry counts. When packs hold more than two entries for each account, the accounts whose latest entry is in the
/// oldest pack move to a new one and the old one is deleted, as a log is cleaned from its front. So with a pack's deletion, all that it and older ones still
/// held is dead: a reader who knows them and has missed a removal in between, for it was compacted away, learns it then.
/// A record for each account would cost the producer, the broker and a restore several times as much.
/// </summary>
sealed class AccountPacks(AccountTable accounts, WindowChains windows, AccountCodec codec)
{
    const int PackBytes = 8192, Slack = 4096, Ahead = 16;

    sealed record Pack(long Number, List<int> Accounts, int Entries);

    readonly byte[] _key = new byte[1 + sizeof(long)];
    readonly ArrayBufferWriter<byte> _bytes = new(PackBytes * 2);
    readonly Queue<Pack> _packs = [];
    readonly List<long> _cleaned = [];
    List<int> _written = [];
    long _restored;
    int _entries, _added;

    /// <summary>Kind of the changelog's keys, before the pack's number, big-endian.</summary>
    public const byte Kind = (byte)'p';

    /// <summary>The number of the pack written last. Kept beside the packs too, since all of them may have been deleted.</summary>
    public long Last { get; set; }

    /// <summary>Writes what changed, and what old packs that <see cref="Delete"/> will delete still hold of the living.</summary>
    public void Write(IChangelog changelog, IReadOnlyList<byte[]> removed, List<int> changed)
    {
        codec.Restart();
        var before = Last;
        foreach (var key in removed)
        {
            codec.WriteRemoval(_bytes, key);
            Added(changelog);
        }
        for (var i = 0; i < changed.Count; i++)
        {
            if (i + Ahead < changed.Count) accounts.FetchAccount(changed[i + Ahead]);
            if (i + Ahead / 2 < changed.Count) windows.FetchDetails(changed[i + Ahead / 2]);
            accounts[changed[i]].Dirty = false;
            Write(changelog, changed[i]);
        }
        while (_packs.TryPeek(out var oldest) && oldest.Number <= before && _entries + _added > 2 * accounts.Count + Slack) Clean(changelog, _packs.Dequeue());
        if (_added > 0) Put(changelog);
    }

    /// <summary>After everything else: where there are no transactions a crash in between must find what moved, and the last number.</summary>
    public void Delete(IChangelog changelog)
    {
        foreach (var number in _cleaned) changelog.Delete(KeyOf(number));
        _cleaned.Clear();
    }

    /// <summary>Takes a pack's record back, in the changelog's order.</summary>
    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        var number = BinaryPrimitives.ReadInt64BigEndian(key[1..]);
        if (deleted)
        {
            while (_packs.TryPeek(out var oldest) && oldest.Number <= number) Forget(_packs.Dequeue());
            return;
        }
        // After a crash the end of the changelog may be read once more.
        if (number <= _restored) return;
        _restored = number;
        Last = Math.Max(Last, number);
        var found = new List<int>();
        var entries = Read(value, found);
        _entries += entries;
        Telemetry.Restored.Add(entries);
        _packs.Enqueue(new(number, found, entries));
    }

    void Forget(Pack deleted)
    {
        _entries -= deleted.Entries;
        foreach (var account in deleted.Accounts)
        {
            if (accounts[account].Pack != deleted.Number || accounts[account].KeyLength == 0) continue;
            windows.RemoveAll(account);
            accounts.Remove(account);
        }
    }

    int Read(ReadOnlySpan<byte> pack, List<int> found)
    {
        codec.Restart();
        var entries = 0;
        var reader = new AvroReader(pack);
        Span<int> starts = stackalloc int[Ahead];
        Span<uint> hashes = stackalloc uint[Ahead];
        while (reader.Remaining > 0)
        {
            var count = 0;
            for (; count < Ahead && reader.Remaining > 0; count++)
            {
                starts[count] = reader.Position;
                var key = AccountCodec.KeyOf(reader.ReadBytes());
                var end = key.IndexOf((byte)0);
                accounts.FetchSlot(hashes[count] = AccountTable.Hash(key[..end], key[(end + 1)..]));
            }
            for (var i = 0; i < count; i++) accounts.FetchAccountOf(hashes[i]);
            for (var i = 0; i < count; i++) windows.FetchDetailsOf(hashes[i]);
            for (var i = 0; i < count; i++)
            {
                var account = codec.Read(new AvroReader(pack[starts[i]..]).ReadBytes(), hashes[i]);
                if (account == Account.None) continue;
                accounts[account].Pack = _restored;
                found.Add(account);
            }
            entries += count;
        }
        return entries;
    }

    /// <summary>Moves what an old pack still holds of the living.</summary>
    void Clean(IChangelog changelog, Pack oldest)
    {
        var held = oldest.Accounts;
        for (var i = 0; i < held.Count; i++)
        {
            if (i + Ahead < held.Count) accounts.FetchAccount(held[i + Ahead]);
            ref var account = ref accounts[held[i]];
            if (account.Pack == oldest.Number && account.KeyLength > 0) Write(changelog, held[i]);
        }
        _entries -= oldest.Entries;
        _cleaned.Add(oldest.Number);
    }

    void Write(IChangelog changelog, int account)
    {
        accounts[account].Pack = Last + 1;
        codec.Write(_bytes, account);
        _written.Add(account);
        Added(changelog);
    }

    void Added(IChangelog changelog)
    {
        _added++;
        if (_bytes.WrittenCount >= PackBytes) Put(changelog);
    }

    void Put(IChangelog changelog)
    {
        _packs.Enqueue(new(++Last, _written, _added));
        changelog.Put(KeyOf(Last), _bytes.WrittenSpan);
        _entries += _added;
        _bytes.ResetWrittenCount();
        (_written, _added) = ([], 0);
        codec.Restart();
    }

    ReadOnlySpan<byte> KeyOf(long number)
    {
        _key[0] = Kind;
        BinaryPrimitives.WriteInt64BigEndian(_key.AsSpan(1), number);
        return _key;
    }
}
