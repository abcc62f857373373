using System.Globalization;

namespace Streams.Broker.Fuzz.Wire;

/// <summary>A request that a real client sent and what Apache Kafka answered; made again by <c>record</c> (see Program.cs).</summary>
internal sealed record Golden(string Client, short Key, short Version, byte[] Request, byte[] Answer)
{
    public static IReadOnlyList<Golden> All { get; } = [.. Resources.Lines("clients.txt").Where(l => l.Length > 0 && l[0] != '#').Select(Parse)];

    private static Golden Parse(string line)
    {
        var parts = line.Split(' ');
        return new Golden(parts[0], short.Parse(parts[1], CultureInfo.InvariantCulture), short.Parse(parts[2], CultureInfo.InvariantCulture), Convert.FromHexString(parts[3]), Convert.FromHexString(parts[4]));
    }
}
