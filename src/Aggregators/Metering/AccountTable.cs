using System.Numerics;
using System.Runtime.InteropServices;
using Streams.Streaming;

namespace Streams.Aggregators.Metering;

/// <summary>Accounts by customer and meter in UTF-8: open addressing, found without making strings; each has a number. Also keeps them in order.</summary>
sealed class AccountTable
{
    const ulong Multiplier = 0x9E3779B97F4A7C15;
    const int SmallestTable = 1024;
    const int Ahead = 16;

    readonly Slab<Account> _accounts = new();
    readonly List<int> _unranked = [];
    readonly List<int> _dead = [];
    KeyArena _keys = new();
    List<int> _ordered = [];

    // An account's hash above and its number plus one below; 0 is empty. At most three quarters are filled. The hash spares a look at the wrong account.
    ulong[] _slots = new ulong[SmallestTable];

    public int Count { get; private set; }

    public ref Account this[int account] => ref _accounts[account];

    /// <summary>Customer, a zero byte, meter.</summary>
    public ReadOnlySpan<byte> Key(int account) => _keys.Get(_accounts[account].KeyAt, _accounts[account].KeyLength);

    public ReadOnlySpan<byte> Customer(int account) => _keys.Get(_accounts[account].KeyAt, _accounts[account].CustomerLength);

    public ReadOnlySpan<byte> Meter(int account) => Key(account)[(_accounts[account].CustomerLength + 1)..];

    /// <summary>The account's number, or <see cref="Account.None"/>.</summary>
    public int Find(uint hash, ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter)
    {
        var slots = _slots;
        for (var i = unchecked((int)hash) & (slots.Length - 1); slots[i] != 0; i = (i + 1) & (slots.Length - 1))
        {
            if (HashOf(slots[i]) != hash) continue;
            ref var account = ref _accounts[NumberOf(slots[i])];
            if (account.CustomerLength != customer.Length || account.KeyLength != customer.Length + 1 + meter.Length) continue;
            var key = _keys.Get(account.KeyAt, account.KeyLength);
            if (key[..customer.Length].SequenceEqual(customer) && key[(customer.Length + 1)..].SequenceEqual(meter)) return NumberOf(slots[i]);
        }
        return Account.None;
    }

    /// <summary>The account that a hash most likely leads to, for fetching ahead; nothing but the table is looked at.</summary>
    public int Guess(uint hash)
    {
        var slots = _slots;
        for (var i = unchecked((int)hash) & (slots.Length - 1); slots[i] != 0; i = (i + 1) & (slots.Length - 1))
        {
            if (HashOf(slots[i]) == hash) return NumberOf(slots[i]);
        }
        return Account.None;
    }

    /// <summary>Fetching ahead, first step: the place in the table.</summary>
    public void FetchSlot(uint hash) => CacheLine.Fetch(ref _slots[unchecked((int)hash) & (_slots.Length - 1)]);

    /// <summary>Second step: the account.</summary>
    public void FetchAccount(int account) => CacheLine.Fetch(ref _accounts[account]);

    /// <summary>As above, where only the hash is known.</summary>
    public void FetchAccountOf(uint hash)
    {
        var account = Guess(hash);
        if (account != Account.None) FetchAccount(account);
    }

    /// <summary>Third step, once the account is near: its key.</summary>
    public void FetchKey(int account)
    {
        ref var row = ref _accounts[account];
        if (row.KeyLength > 0) CacheLine.Fetch(Key(account));
    }

    public int Add(uint hash, ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter)
    {
        if (Count >= _slots.Length / 4 * 3) Rebuild(_slots.Length * 2);
        var number = _accounts.Take();
        _accounts[number] = new()
        {
            KeyAt = _keys.Add(customer, meter),
            CustomerLength = (short)customer.Length,
            KeyLength = (short)(customer.Length + 1 + meter.Length),
            Period = int.MinValue,
            Windows = Account.None,
        };
        Place((ulong)hash << 32 | (uint)(number + 1));
        _unranked.Add(number);
        Count++;
        return number;
    }

    public void Remove(int account)
    {
        var mask = _slots.Length - 1;
        var hole = unchecked((int)Hash(Customer(account), Meter(account))) & mask;
        while (NumberOf(_slots[hole]) != account) hole = (hole + 1) & mask;
        // What follows moves up unless it would come to stand before its own place.
        for (var i = (hole + 1) & mask; _slots[i] != 0; i = (i + 1) & mask)
        {
            var home = unchecked((int)HashOf(_slots[i])) & mask;
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
        var added = AccountOrder.Sort(_unranked, this);
        var merged = new List<int>(Count);
        var (i, j) = (0, 0);
        while (i < _ordered.Count || j < added.Length)
        {
            if (i + Ahead < _ordered.Count) FetchAccount(_ordered[i + Ahead]);
            if (i + Ahead / 2 < _ordered.Count) FetchKey(_ordered[i + Ahead / 2]);
            var old = j == added.Length || (i < _ordered.Count && Key(_ordered[i]).SequenceCompareTo(Key(added[j])) < 0);
            var next = old ? _ordered[i++] : added[j++];
            _accounts[next].Rank = merged.Count;
            merged.Add(next);
        }
        _ordered = merged;
        _unranked.Clear();
    }

    /// <summary>All accounts, in no order that means anything.</summary>
    public IEnumerable<int> All => _slots.Where(s => s != 0).Select(NumberOf);

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

    void Rebuild(int size)
    {
        var old = _slots;
        _slots = new ulong[size];
        foreach (var slot in old)
        {
            if (slot != 0) Place(slot);
        }
    }

    void Place(ulong slot)
    {
        var i = unchecked((int)HashOf(slot)) & (_slots.Length - 1);
        while (_slots[i] != 0) i = (i + 1) & (_slots.Length - 1);
        _slots[i] = slot;
    }

    static uint HashOf(ulong slot) => (uint)(slot >> 32);

    static int NumberOf(ulong slot) => unchecked((int)slot) - 1;

    public static uint Hash(ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter) => unchecked((uint)Mix(Mix(Multiplier, customer), meter));

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
