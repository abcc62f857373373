namespace Streams.Schemas.Avro;

/// <summary>CRC-64-AVRO: the 64-bit Rabin fingerprint of the specification.</summary>
public static class Fingerprint
{
    /// <summary>The polynomial, and the fingerprint of nothing.</summary>
    const ulong Empty = 0xC15D213AA4D7A795;

    static readonly ulong[] Table = BuildTable();

    public static ulong Crc64(ReadOnlySpan<byte> data)
    {
        var crc = Empty;
        foreach (var b in data) crc = (crc >> 8) ^ Table[(int)((crc ^ b) & 0xFF)];
        return crc;
    }

    static ulong[] BuildTable()
    {
        var table = new ulong[256];
        for (var i = 0; i < table.Length; i++)
        {
            var crc = (ulong)i;
            for (var bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) == 0 ? 0 : Empty);
            table[i] = crc;
        }
        return table;
    }
}
