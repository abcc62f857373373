using System.Buffers.Binary;
using System.Text;

namespace Streams.Rating.Periods;

/// <summary>
/// Reads a zone of the machine's time zone database (RFC 8536, version 2 or later). Done here and not by <see cref="TimeZoneInfo"/>, which moves changes
/// that a rule places at 24:00 or later (Africa/Cairo, Asia/Jerusalem, America/Nuuk) by a day, as soon as the file's list of changes has ended.
/// </summary>
static class ZoneFile
{
    const int HeaderBytes = 44, MaxBytes = 1 << 20, MaxName = 64;

    static readonly string[] Folders = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"];

    /// <summary>The instants (UTC seconds) at which the offset changes, rising, with the new offsets (seconds); the first entry has no beginning.</summary>
    /// <param name="untilYear">The year up to which the zone's rule for the future is applied.</param>
    /// <exception cref="TimeZoneNotFoundException">There is no such zone, or its file is none.</exception>
    public static List<(long At, int Offset)> Read(string id, int untilYear) => Parse(id, Bytes(id), untilYear);

    /// <inheritdoc cref="Read"/>
    public static List<(long At, int Offset)> Parse(string id, ReadOnlySpan<byte> file, int untilYear)
    {
        try
        {
            return Changes(file, untilYear);
        }
        catch (Exception e) when (e is FormatException or ArgumentOutOfRangeException or OverflowException)
        {
            throw new TimeZoneNotFoundException($"The file of time zone '{id}' is malformed: {e.Message}", e);
        }
    }

    static byte[] Bytes(string id)
    {
        // No dots: a name never leads out of the database.
        var named = id.Length is > 0 and <= MaxName && id[0] != '/' && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '-' or '+');
        var path = named ? Folders.Select(f => Path.Combine(f, id)).FirstOrDefault(File.Exists) : null;
        if (path is null) throw new TimeZoneNotFoundException($"There is no time zone '{id}' in the machine's database");
        using var file = File.OpenRead(path);
        if (file.Length is < 2 * HeaderBytes or > MaxBytes) throw new TimeZoneNotFoundException($"'{id}' is not a time zone");
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes.AsSpan().StartsWith("TZif"u8) && bytes[4] >= '2' ? bytes : throw new TimeZoneNotFoundException($"'{id}' is not a time zone");
    }

    static List<(long At, int Offset)> Changes(ReadOnlySpan<byte> file, int untilYear)
    {
        // The block of 32-bit times comes first and says nothing that the one of 64-bit times does not.
        var data = file[(HeaderBytes + Counts(file).Length(timeBytes: 4))..];
        var counts = Counts(data);
        if (counts.Leaps > 0) throw new FormatException("it counts leap seconds");
        var block = data.Slice(HeaderBytes, counts.Length(timeBytes: 8));
        var indices = block[(counts.Times * 8)..];
        var types = block[(counts.Times * 9)..];
        var changes = new List<(long, int)> { (long.MinValue, Offset(types, 0)) };
        for (var i = 0; i < counts.Times; i++) Append(changes, BinaryPrimitives.ReadInt64BigEndian(block[(i * 8)..]), Offset(types, indices[i]));
        var last = counts.Times > 0 ? BinaryPrimitives.ReadInt64BigEndian(block[((counts.Times - 1) * 8)..]) : long.MinValue;
        var footer = Encoding.ASCII.GetString(data[(HeaderBytes + block.Length)..]).Trim('\n');
        if (footer.Length > 0) foreach (var (at, offset) in PosixRule.Parse(footer).Changes(last, untilYear)) Append(changes, at, offset);
        return changes;
    }

    static void Append(List<(long At, int Offset)> changes, long at, int offset)
    {
        // Summer time all year round is written as one that ends in the instant in which the next begins.
        if (changes.Count > 1 && at == changes[^1].At) changes.RemoveAt(changes.Count - 1);
        if (offset == changes[^1].Offset) return;
        if (at <= changes[^1].At) throw new FormatException("its changes do not rise");
        changes.Add((at, offset));
    }

    static int Offset(ReadOnlySpan<byte> types, int index) => BinaryPrimitives.ReadInt32BigEndian(types[(index * 6)..]);

    static BlockCounts Counts(ReadOnlySpan<byte> data)
    {
        if (!data.StartsWith("TZif"u8)) throw new FormatException("a header is missing");
        Span<int> counts = stackalloc int[6];
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = BinaryPrimitives.ReadInt32BigEndian(data[(20 + 4 * i)..]);
            if (counts[i] is < 0 or > MaxBytes) throw new FormatException("a count is out of range");
        }
        return new(counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]);
    }

    readonly record struct BlockCounts(int Utc, int Standard, int Leaps, int Times, int Types, int Characters)
    {
        public int Length(int timeBytes) => Times * (timeBytes + 1) + Types * 6 + Characters + Leaps * (timeBytes + 4) + Standard + Utc;
    }
}
