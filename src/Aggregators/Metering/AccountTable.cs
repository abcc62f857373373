using System.Numerics;
using System.Runtime.InteropServices;

namespace Streams.Aggregators.Metering;

/// <summary>Accounts by customer and meter in UTF-8: open addressing, found without making strings; each has a number. Also keeps them in order.</summary>
sealed class AccountTable
{
    const ulong Multiplier = 0x9E3779B97F4A7C15;
    const int SmallestTable = 1024;

    readonly Slab<Account> _accounts = new();
    readonly List<int> _unranked = [];
    readonly List<int> _dead = [];
    KeyArena _keys = new();
    List<int> _ordered = [];

    // An account's number plus one; 0 is empty. At most three quarters are filled.
    int[] _slots = new int[SmallestTable];

    public int Count { get; private set; }

    public ref Account this[int account] => ref _accounts[account];

    /// <summary>Customer, a zero byte, meter.</summary>
    public ReadOnlySpan<byte> Key(int account) => _keys.Get(_accounts[account].KeyAt, _accounts[account].KeyLength);

    public ReadOnlySpan<byte> Customer(int account) => _keys.Get(_accounts[account].KeyAt, _accounts[account].CustomerLength);

    public ReadOnlySpan<byte> Meter(int account) => Key(account)[(_accounts[account].CustomerLength + 1)..];

    /// <summary>The account's number, or <see cref="Account.None"/>.</summary>
    public int Find(ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter)
    {
        var hash = Hash(customer, meter);
        var slots = _slots;
        for (var i = unchecked((int)hash) & (slots.Length - 1); slots[i] != 0; i = (i + 1) & (slots.Length - 1))
        {
            ref var account = ref _accounts[slots[i] - 1];
            if (account.Hash != hash || account.CustomerLength != customer.Length || account.KeyLength != customer.Length + 1 + meter.Length) continue;
            var key = _keys.Get(account.KeyAt, account.KeyLength);
            if (key[..customer.Length].SequenceEqual(customer) && key[(customer.Length + 1)..].SequenceEqual(meter)) return slots[i] - 1;
        }
        return Account.None;
    }

    public int Add(ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter)
    {
        if (Count >= _slots.Length / 4 * 3) Rebuild(_slots.Length * 2);
        var number = _accounts.Take();
        _accounts[number] = new()
        {
            Hash = Hash(customer, meter),
            KeyAt = _keys.Add(customer, meter),
            CustomerLength = (short)customer.Length,
            KeyLength = (short)(customer.Length + 1 + meter.Length),
            Period = int.MinValue,
            Windows = Account.None,
        };
        Place(number);
        _unranked.Add(number);
        Count++;
        return number;
    }

    public void Remove(int account)
    {
        var mask = _slots.Length - 1;
        var hole = unchecked((int)_accounts[account].Hash) & mask;
        while (_slots[hole] != account + 1) hole = (hole + 1) & mask;
        // What follows moves up unless it would come to stand before its own place.
        for (var i = (hole + 1) & mask; _slots[i] != 0; i = (i + 1) & mask)
        {
            var home = unchecked((int)_accounts[_slots[i] - 1].Hash) & mask;
            if (((i - home) & mask) < ((i - hole) & mask)) continue;
            _slots[hole] = _slots[i];
            hole = i;
        }
        _slots[hole] = 0;
        _accounts[account].KeyLength = 0;
        _dead.Add(account);
        Count--;
    }

    /// <summary>Gives every account its rank in the order of (customer, meter) by UTF-8 bytes.</summary>
    public void Rank()
    {
        if (_dead.Count > 0) Bury();
        if (_unranked.Count == 0) return;
        _unranked.Sort(Compare);
        var merged = new List<int>(Count);
        var (i, j) = (0, 0);
        while (i < _ordered.Count || j < _unranked.Count)
        {
            var old = j == _unranked.Count || (i < _ordered.Count && Compare(_ordered[i], _unranked[j]) < 0);
            var next = old ? _ordered[i++] : _unranked[j++];
            _accounts[next].Rank = merged.Count;
            merged.Add(next);
        }
        _ordered = merged;
        _unranked.Clear();
    }

    /// <summary>All accounts, in no order that means anything.</summary>
    public IEnumerable<int> All => _slots.Where(s => s != 0).Select(s => s - 1);

    /// <summary>All accounts in the order of their keys.</summary>
    public IReadOnlyList<int> Ordered()
    {
        Rank();
        return _ordered;
    }

    /// <summary>Gives up the room of removed accounts.</summary>
    public void Compact()
    {
        Rank();
        var keys = new KeyArena();
        foreach (var account in _ordered) _accounts[account].KeyAt = keys.Add(Customer(account), Meter(account));
        _keys = keys;
        Rebuild(Math.Max(SmallestTable, (int)BitOperations.RoundUpToPowerOf2((uint)Count * 2)));
    }

    /// <summary>Only now may the numbers of removed accounts be given out again: until here they stood in the order.</summary>
    void Bury()
    {
        _ordered.RemoveAll(a => _accounts[a].KeyLength == 0);
        _unranked.RemoveAll(a => _accounts[a].KeyLength == 0);
        foreach (var account in _dead) _accounts.Free(account);
        _dead.Clear();
    }

    // The zero byte between them is below every byte that an id may hold, so comparing the keys compares customer first, then meter.
    int Compare(int a, int b) => Key(a).SequenceCompareTo(Key(b));

    void Rebuild(int size)
    {
        var old = _slots;
        _slots = new int[size];
        foreach (var slot in old)
        {
            if (slot != 0) Place(slot - 1);
        }
    }

    void Place(int account)
    {
        var i = unchecked((int)_accounts[account].Hash) & (_slots.Length - 1);
        while (_slots[i] != 0) i = (i + 1) & (_slots.Length - 1);
        _slots[i] = account + 1;
    }

    static uint Hash(ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter) => unchecked((uint)Mix(Mix(Multiplier, customer), meter));

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

/// <summary>Account keys one after the other, in pages.</summary>
sealed class KeyArena
{
    const int PageBits = 16, PageSize = 1 << PageBits;

    readonly List<byte[]> _pages = [];
    int _length = PageSize;

    public ReadOnlySpan<byte> Get(int at, int length) => _pages[at >> PageBits].AsSpan(at & (PageSize - 1), length);

    public int Add(ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter)
    {
        var length = customer.Length + 1 + meter.Length;
        if (_length + length > PageSize)
        {
            if (_pages.Count == 1 << (31 - PageBits)) throw new InvalidOperationException("The accounts of one partition fill 2 GB");
            _pages.Add(new byte[PageSize]);
            _length = 0;
        }
        var at = ((_pages.Count - 1) << PageBits) + _length;
        var to = _pages[^1].AsSpan(_length);
        customer.CopyTo(to);
        to[customer.Length] = 0;
        meter.CopyTo(to[(customer.Length + 1)..]);
        _length += length;
        return at;
    }
}
