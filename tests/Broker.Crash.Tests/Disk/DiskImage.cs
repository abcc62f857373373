namespace Streams.Broker.Crash.Tests.Disk;

/// <summary>What stands on a disk at rest: directories, and files by path. Never changed once made.</summary>
internal sealed record DiskImage(IReadOnlySet<string> Directories, IReadOnlyDictionary<string, byte[]> Files)
{
    public static DiskImage Empty { get; } = new(new HashSet<string> { "" }, new Dictionary<string, byte[]>());

    public DiskImage With(string path, byte[] bytes) => this with { Files = new Dictionary<string, byte[]>(Files) { [path] = bytes } };

    public DiskImage Without(string path) => this with { Files = Files.Where(f => f.Key != path).ToDictionary() };
}
