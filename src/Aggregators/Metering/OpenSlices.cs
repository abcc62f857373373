namespace Streams.Aggregators.Metering;

/// <summary>The numbers of open windows by their start. Lists are used again, so that a steady stream of windows allocates nothing.</summary>
sealed class OpenSlices
{
    const int Ahead = 16;

    readonly SortedDictionary<long, List<int>> _slices = [];
    readonly Stack<List<int>> _spare = [];
    List<int>? _recent;
    long _recentStart;
    ulong[] _order = new ulong[64];
    int[] _taken = new int[64];

    /// <summary>The earliest start; <see cref="long.MaxValue"/> when none is open.</summary>
    public long First { get; private set; } = long.MaxValue;

    public IEnumerable<int> Windows => _slices.Values.SelectMany(s => s);

    public void Add(long start, int window) => Slice(start).Add(window);

    public void Clear()
    {
        _slices.Clear();
        _recent = null;
        First = long.MaxValue;
    }

    /// <summary>Takes out the windows of the earliest start, in the order of their accounts' ranks. Good until the next call.</summary>
    public ReadOnlySpan<int> TakeFirst(WindowChains windows, AccountTable accounts)
    {
        var slice = _slices[First];
        if (_order.Length < slice.Count) (_order, _taken) = (new ulong[slice.Capacity], new int[slice.Capacity]);
        for (var i = 0; i < slice.Count; i++)
        {
            if (i + Ahead < slice.Count) windows.Fetch(slice[i + Ahead]);
            if (i + Ahead / 2 < slice.Count) accounts.FetchAccount(windows[slice[i + Ahead / 2]].Account);
            _order[i] = (ulong)accounts[windows[slice[i]].Account].Rank << 32 | (uint)slice[i];
        }
        var order = _order.AsSpan(0, slice.Count);
        order.Sort();
        for (var i = 0; i < order.Length; i++) _taken[i] = (int)(order[i] & uint.MaxValue);
        slice.Clear();
        RemoveSlice(First, slice);
        return _taken.AsSpan(0, order.Length);
    }

    void RemoveSlice(long start, List<int> slice)
    {
        _slices.Remove(start);
        _spare.Push(slice);
        _recent = null;
        if (start != First) return;
        First = long.MaxValue;
        foreach (var next in _slices)
        {
            First = next.Key;
            return;
        }
    }

    List<int> Slice(long start)
    {
        if (_recent is { } recent && _recentStart == start) return recent;
        if (!_slices.TryGetValue(start, out var slice)) _slices.Add(start, slice = _spare.TryPop(out var spare) ? spare : []);
        First = Math.Min(First, start);
        (_recent, _recentStart) = (slice, start);
        return slice;
    }
}
