namespace Streams.Rating.Pricing;

/// <summary>
/// Graduated tiers in whole parts: ends in billionths of a unit and prices on one scale, each below 2^62, so that a window is priced without allocation in
/// 128-bit integers. Tiers or quantities that do not fit are priced tier by tier, with the same result.
/// </summary>
sealed class GraduatedTable
{
    const int QuantityScale = 9;
    const long Limit = 1L << 62;

    readonly long[] _ends;
    readonly long[] _units;
    readonly Int128[]? _flats;
    readonly int _scale;
    readonly bool _flatAtZero;

    GraduatedTable(long[] ends, long[] units, Int128[]? flats, int scale, bool flatAtZero) =>
        (_ends, _units, _flats, _scale, _flatAtZero) = (ends, units, flats, scale, flatAtZero);

    /// <summary>Null where a number of the tiers does not fit.</summary>
    public static GraduatedTable? TryMake(IReadOnlyList<PriceTier> tiers, bool flatAtZero)
    {
        var ends = new long[tiers.Count];
        for (var i = 0; i < ends.Length; i++)
        {
            if (tiers[i].UpTo is not { } end) ends[i] = long.MaxValue;
            else if (end.TryMantissa(QuantityScale, out var whole)) ends[i] = whole < Limit ? (long)whole : long.MaxValue;
            else return null;
        }
        for (var scale = 0; scale <= 18; scale++)
        {
            if (TryAll(tiers.Select(t => t.Unit), scale, Limit) is not { } units) continue;
            // Products stay below 2^124; the fees together take no more.
            if (TryAll(tiers.Select(t => t.Flat), scale + QuantityScale, (Int128.One << 124) / tiers.Count) is not { } flats) return null;
            return new(ends, [.. units.Select(u => (long)u)], flats.Any(f => f != 0) ? flats : null, scale + QuantityScale, flatAtZero);
        }
        return null;
    }

    public bool TryPrice(Exact quantity, out Exact price)
    {
        var fits = TryParts(quantity, out var parts);
        price = fits ? Exact.FromMantissa(parts, _scale) : default;
        return fits;
    }

    public bool TryPrice(Exact before, Exact after, out Exact growth)
    {
        growth = default;
        if (!TryParts(before, out var first) || !TryParts(after, out var second)) return false;
        growth = Exact.FromMantissa(second - first, _scale);
        return true;
    }

    bool TryParts(Exact quantity, out Int128 parts)
    {
        parts = 0;
        if (!quantity.TryMantissa(QuantityScale, out var wide) || wide < 0 || wide >= Limit) return false;
        var units = (long)wide;
        if (units == 0) return AtZero(out parts);
        if (units > _ends[^1]) return false;
        long from = 0;
        for (var i = 0; from < units; from = _ends[i], i++)
        {
            parts += Math.BigMul(Math.Min(_ends[i], units) - from, _units[i]);
            if (_flats is not null) parts += _flats[i];
        }
        return true;
    }

    bool AtZero(out Int128 parts)
    {
        parts = _flatAtZero && _flats is not null ? _flats[0] : 0;
        return true;
    }

    static Int128[]? TryAll(IEnumerable<Exact> values, int scale, Int128 limit)
    {
        var result = new List<Int128>();
        foreach (var value in values)
        {
            if (!value.TryMantissa(scale, out var mantissa) || mantissa >= limit) return null;
            result.Add(mantissa);
        }
        return [.. result];
    }
}
