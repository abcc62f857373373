using System.Numerics;
using Streams.Schemas.Avro;

namespace Streams.Rating.Meters;

/// <summary>
/// Estimates how many different 64-bit hashes it was given (Flajolet, Fusy, Gandouet, Meunier 2007) with the improved raw estimator of O. Ertl, "New cardinality
/// estimation algorithms for HyperLogLog sketches" (2017), which needs no correction for few values. Computed in fixed point with 64 binary places, so every
/// machine gives the same number. Ertl's term for full registers, which begins to matter at 2^60 values, is left out.
/// <para>The standard error is 1.04 / sqrt(2^p): of many estimates two thirds are within it, and all but one in 16,000 within four times it. With fewer than
/// 2^10 registers the tails are wider than that, so they are not offered.</para>
/// </summary>
sealed class HyperLogLog
{
    public const int MinPrecision = 10, MaxPrecision = 16;

    const int FractionBits = 64;

    /// <summary>1 / (2 ln 2), times 10^20.</summary>
    static readonly BigInteger Alpha = BigInteger.Parse("72134752044448170368");

    static readonly BigInteger AlphaUnit = BigInteger.Pow(10, 20);

    readonly byte[] _registers;
    readonly int _precision;

    public HyperLogLog(int precision)
    {
        _precision = precision;
        _registers = new byte[1 << precision];
    }

    /// <summary>The standard error in millionths, rounded up: 1.04 / sqrt(2^p).</summary>
    public int ErrorPpm
    {
        get
        {
            var (low, high) = (0L, 1_040_000L);
            while (high - low > 1)
            {
                var middle = (low + high) / 2;
                if ((middle * middle) << _precision < 1_040_000L * 1_040_000L) low = middle;
                else high = middle;
            }
            return (int)high;
        }
    }

    int Last => 64 - _precision + 1;

    public void Add(ulong hash)
    {
        var register = hash >> (64 - _precision);
        var rank = (byte)Math.Min(BitOperations.LeadingZeroCount(hash << _precision) + 1, Last);
        if (rank > _registers[register]) _registers[register] = rank;
    }

    public void Merge(HyperLogLog other)
    {
        for (var i = 0; i < _registers.Length; i++) _registers[i] = Math.Max(_registers[i], other._registers[i]);
    }

    /// <summary>Rounded half to even to a whole number.</summary>
    public long Estimate()
    {
        var counts = new int[Last + 1];
        foreach (var register in _registers) counts[register]++;
        BigInteger m = _registers.Length;
        if (counts[0] == _registers.Length) return 0;
        BigInteger sum = 0;
        for (var rank = Last; rank > 0; rank--) sum = (sum + ((BigInteger)counts[rank] << FractionBits)) >> 1;
        sum += m * Sigma(((BigInteger)counts[0] << FractionBits) / m);
        return (long)Schemas.ExactDecimal.DivideHalfEven((Alpha * m * m) << FractionBits, AlphaUnit * sum);
    }

    /// <summary>Ertl's sigma(x) = x + sum over k of x^(2^k) * 2^(k-1), for 0 &lt;= x &lt; 1 in fixed point.</summary>
    static BigInteger Sigma(BigInteger x)
    {
        var sum = x;
        for (var weight = 0; !x.IsZero; weight++)
        {
            x = (x * x) >> FractionBits;
            sum += x << weight;
        }
        return sum;
    }

    /// <summary>Four registers of six bits in three bytes.</summary>
    public void Write(AvroWriter writer)
    {
        var bytes = new byte[_registers.Length / 4 * 3];
        for (var (i, at) = (0, 0); i < _registers.Length; i += 4, at += 3)
        {
            var four = _registers[i] << 18 | _registers[i + 1] << 12 | _registers[i + 2] << 6 | _registers[i + 3];
            (bytes[at], bytes[at + 1], bytes[at + 2]) = ((byte)(four >> 16), (byte)(four >> 8 & 0xff), (byte)(four & 0xff));
        }
        writer.WriteFixed(bytes);
    }

    public static HyperLogLog Read(ref AvroReader reader, int precision)
    {
        var estimate = new HyperLogLog(precision);
        var registers = estimate._registers;
        var bytes = reader.ReadFixed(registers.Length / 4 * 3);
        for (var (i, at) = (0, 0); i < registers.Length; i += 4, at += 3)
        {
            var four = bytes[at] << 16 | bytes[at + 1] << 8 | bytes[at + 2];
            for (var j = 0; j < 4; j++) registers[i + j] = (byte)(four >> (18 - 6 * j) & 0x3f);
        }
        return registers.Max() <= estimate.Last ? estimate : throw StateFormat.Malformed("a register of an estimate is out of range");
    }
}
