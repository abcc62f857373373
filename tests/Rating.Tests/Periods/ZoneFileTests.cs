using System.Buffers.Binary;
using System.Text;
using Streams.Rating.Periods;
using Streams.Testing;
using static Streams.Rating.Tests.Periods.Times;

namespace Streams.Rating.Tests.Periods;

/// <summary>The forms of rules that no zone of today uses, and damaged files.</summary>
public sealed class ZoneFileTests
{
    /// <summary>A file without a list of changes: one type of three hours behind UTC, and a rule.</summary>
    static byte[] File(string rule)
    {
        var header = new byte[44];
        "TZif2"u8.CopyTo(header);
        header[39] = 1; // types
        header[43] = 4; // characters
        byte[] block = [0, 0, 0, 0, 0, 0, .. "AAA\0"u8];
        BinaryPrimitives.WriteInt32BigEndian(block, -3 * 3600);
        return [.. header, .. block, .. header, .. block, .. Encoding.ASCII.GetBytes($"\n{rule}\n")];
    }

    static List<(long At, int Offset)> Changes(string rule, int untilYear) => ZoneFile.Parse("test", File(rule), untilYear);

    [Theory]
    [InlineData("AAA3BBB,J60/0,J300", "2024-03-01T03:00Z", "2024-10-27T04:00Z", "2025-03-01T03:00Z")] // 29 February does not count
    [InlineData("AAA3BBB,59/0,300", "2024-02-29T03:00Z", "2024-10-27T04:00Z", "2025-03-01T03:00Z")] // it does; 300 is counted from 0
    [InlineData("AAA3BBB1,M4.1.0/-1:30,M10.5.6/25:00:30", "2024-04-07T01:30Z", "2024-10-27T02:00:30Z", "2025-04-06T01:30Z")]
    public void Rules_of_every_form(string rule, params string[] changes)
    {
        var found = Changes(rule, 2025).Where(c => c.At >= T("2024-01-01").Micros / 1_000_000).Take(3).ToList();
        Assert.Equal(changes.Select(c => T(c).Micros / 1_000_000), found.Select(c => c.At));
        Assert.Equal([rule.Contains("BBB1") ? -3600 : -7200, -10800, rule.Contains("BBB1") ? -3600 : -7200], found.Select(c => c.Offset));
    }

    [Fact]
    public void Summer_time_all_year_round_never_changes()
    {
        var changes = Changes("AAA3BBB,0/0,J365/25", 2100);
        Assert.Equal(-7200, changes[1].Offset);
        Assert.Equal(T("2101-01-01T03:00Z").Micros / 1_000_000, changes[2].At);
        Assert.Equal(3, changes.Count);
    }

    [Theory]
    [InlineData("AAA")]
    [InlineData("AAA3BBB")]
    [InlineData("AAA3BBB,M13.1.0,M10.1.0")]
    [InlineData("AAA3BBB,M3.6.0,M10.1.0")]
    [InlineData("AAA3BBB,M3.1.0,M10.1.0,")]
    public void What_is_no_rule_is_refused(string rule) => Assert.Throws<TimeZoneNotFoundException>(() => Changes(rule, 2100));

    [Fact]
    public void Damaged_files_are_refused_cleanly()
    {
        const int Seed = 9;
        var random = new Random(Seed);
        var file = File("EET-2EEST,M4.5.5/0,M10.5.4/24");
        for (var i = 0; i < Tier.Of(1_000, 50_000); i++)
        {
            var damaged = random.Next(2) == 0 ? file[..random.Next(file.Length)] : [.. file];
            for (var flips = random.Next(1, 4); flips > 0 && damaged.Length > 0; flips--) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                ZoneFile.Parse("test", damaged, 2100);
            }
            catch (TimeZoneNotFoundException)
            {
                // The one answer to a file that is none.
            }
        }
    }
}
