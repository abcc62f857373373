namespace Streams.Aggregators.Metering;

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
