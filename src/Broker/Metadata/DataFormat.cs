using System.Globalization;
using System.Text;
using Streams.Broker.Disk;

namespace Streams.Broker.Metadata;

/// <summary>The file <c>format</c> of a data directory: the version of what lies there, and the cluster's id, which is made once and stays.</summary>
internal static class DataFormat
{
    /// <summary>The version that this broker writes and reads.</summary>
    public const int Version = 1;

    private const string VersionKey = "version=";
    private const string ClusterKey = "cluster.id=";
    private const int MaxBytes = 4096;

    /// <summary>Checks the directory's version, or gives a new directory its own.</summary>
    /// <returns>The cluster's id: 22 letters, digits, - and _, as Kafka makes them.</returns>
    /// <exception cref="InvalidDataException">The version is another, or the file cannot be understood.</exception>
    public static string Open(IDisk disk, string directory)
    {
        var path = Path.Combine(directory, "format");
        if (WholeFile.Read(disk, path, MaxBytes) is { } bytes) return Parse(Encoding.UTF8.GetString(bytes), path);
        var id = Convert.ToBase64String(Guid.NewGuid().ToByteArray()).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        WholeFile.Replace(disk, path, Encoding.UTF8.GetBytes(FormattableString.Invariant($"{VersionKey}{Version}\n{ClusterKey}{id}\n")));
        return id;
    }

    private static string Parse(string text, string path)
    {
        var lines = text.Split('\n');
        var version = lines.FirstOrDefault(l => l.StartsWith(VersionKey, StringComparison.Ordinal))?[VersionKey.Length..];
        var id = lines.FirstOrDefault(l => l.StartsWith(ClusterKey, StringComparison.Ordinal))?[ClusterKey.Length..];
        if (version != Version.ToString(CultureInfo.InvariantCulture))
            throw new InvalidDataException($"{path} says version {version ?? "nothing"}; this broker reads version {Version} alone");
        return string.IsNullOrEmpty(id) ? throw new InvalidDataException($"{path} names no cluster id") : id;
    }
}
