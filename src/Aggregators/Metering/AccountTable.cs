using System.Numerics;
using System.Runtime.InteropServices;

namespace Streams.Aggregators.Metering;

/// <summary>Accounts by customer and meter in UTF-8: open addressing, found without making strings. Also keeps them in order.</summary>
sealed class AccountTable
{
    const ulong Multiplier = 0x9E3779B97F4A7C15;

    Account?[] _slots = new Account?[1024];
    List<Account> _ordered = [];
    readonly List<Account> _unranked = [];

    public int Count => _ordered.Count + _unranked.Count;

    public IEnumerable<Account> All => _ordered.Concat(_unranked);

    public Account? Find(ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter)
    {
        var hash = Hash(customer, meter);
        for (var i = unchecked((int)hash) & (_slots.Length - 1); _slots[i] is { } account; i = (i + 1) & (_slots.Length - 1))
        {
            if (account.Hash == hash && account.CustomerBytes.SequenceEqual(customer) && account.MeterBytes.SequenceEqual(meter)) return account;
        }
        return null;
    }

    public Account Add(ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter)
    {
        if (Count * 2 >= _slots.Length) Rebuild(_slots.Length * 2);
        var account = new Account([.. customer, 0, .. meter], customer.Length, Hash(customer, meter));
        Place(account);
        _unranked.Add(account);
        return account;
    }

    /// <summary>Gives every account its rank in the order of (customer, meter) by UTF-8 bytes.</summary>
    public void Rank()
    {
        if (_unranked.Count == 0) return;
        _unranked.Sort(Compare);
        var merged = new List<Account>(Count);
        var (i, j) = (0, 0);
        while (i < _ordered.Count || j < _unranked.Count)
        {
            var old = j == _unranked.Count || (i < _ordered.Count && Compare(_ordered[i], _unranked[j]) < 0);
            var next = old ? _ordered[i++] : _unranked[j++];
            next.Rank = merged.Count;
            merged.Add(next);
        }
        _ordered = merged;
        _unranked.Clear();
    }

    /// <summary>Takes out and returns the accounts that fulfil a condition.</summary>
    public List<Account> RemoveAll(Predicate<Account> condition)
    {
        Rank();
        var removed = _ordered.FindAll(condition);
        if (removed.Count == 0) return removed;
        _unranked.AddRange(_ordered.Where(a => !condition(a)));
        _ordered.Clear();
        Rank();
        Rebuild(Math.Max(1024, (int)BitOperations.RoundUpToPowerOf2((uint)Count * 4)));
        return removed;
    }

    // The zero byte between them is below every byte that an id may hold, so comparing the keys compares customer first, then meter.
    static int Compare(Account a, Account b) => a.Key.AsSpan().SequenceCompareTo(b.Key);

    void Rebuild(int size)
    {
        _slots = new Account?[size];
        foreach (var account in All) Place(account);
    }

    void Place(Account account)
    {
        var i = unchecked((int)account.Hash) & (_slots.Length - 1);
        while (_slots[i] is not null) i = (i + 1) & (_slots.Length - 1);
        _slots[i] = account;
    }

    static ulong Hash(ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter) => unchecked(Mix(Mix(Multiplier, customer), meter));

    static ulong Mix(ulong hash, ReadOnlySpan<byte> text)
    {
        unchecked
        {
            hash ^= (ulong)text.Length;
            for (; text.Length >= 8; text = text[8..]) hash = Fold(hash ^ MemoryMarshal.Read<ulong>(text));
            ulong rest = 0;
            for (var i = 0; i < text.Length; i++) rest |= (ulong)text[i] << (8 * i);
            return Fold(hash ^ rest);
        }
    }

    static ulong Fold(ulong value)
    {
        var high = Math.BigMul(value, Multiplier, out var low);
        return high ^ low;
    }
}
