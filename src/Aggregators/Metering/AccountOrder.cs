using System.Buffers.Binary;

namespace Streams.Aggregators.Metering;

/// <summary>
/// Sorts accounts by their keys: customer, then meter, by UTF-8 bytes (the zero byte between them is below every byte that an id may hold). What all keys
/// begin with is left out and the next 16 bytes stand beside the number, so that hardly a comparison has to look at a key.
/// </summary>
static class AccountOrder
{
    const int Ahead = 16;

    readonly record struct Entry(ulong First, ulong Second, int Account);

    public static int[] Sort(List<int> accounts, AccountTable table)
    {
        var common = Common(accounts, table);
        var entries = new Entry[accounts.Count];
        Span<byte> start = stackalloc byte[2 * sizeof(ulong)];
        for (var i = 0; i < entries.Length; i++)
        {
            if (i + Ahead < entries.Length) table.FetchKey(accounts[i + Ahead]);
            var rest = table.Key(accounts[i])[common..];
            start.Clear();
            rest[..Math.Min(rest.Length, start.Length)].CopyTo(start);
            entries[i] = new(BinaryPrimitives.ReadUInt64BigEndian(start), BinaryPrimitives.ReadUInt64BigEndian(start[sizeof(ulong)..]), accounts[i]);
        }
        entries.AsSpan().Sort(new ByStart(table));
        return Array.ConvertAll(entries, e => e.Account);
    }

    /// <summary>How many bytes all keys begin with.</summary>
    static int Common(List<int> accounts, AccountTable table)
    {
        var first = table.Key(accounts[0]);
        var common = first.Length;
        foreach (var account in accounts) common = Math.Min(common, first.CommonPrefixLength(table.Key(account)));
        return common;
    }

    readonly struct ByStart(AccountTable table) : IComparer<Entry>
    {
        public int Compare(Entry a, Entry b)
        {
            if (a.First != b.First) return a.First < b.First ? -1 : 1;
            if (a.Second != b.Second) return a.Second < b.Second ? -1 : 1;
            return table.Key(a.Account).SequenceCompareTo(table.Key(b.Account));
        }
    }
}
