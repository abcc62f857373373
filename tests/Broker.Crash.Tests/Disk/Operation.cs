namespace Streams.Broker.Crash.Tests.Disk;

/// <summary>One step of a trace: what the broker asked of the disk, or what its client learned. Paths are relative to the data folder, "" is the folder itself.</summary>
internal abstract record Operation;

internal sealed record Create(string Path, int File) : Operation;

internal sealed record Write(int File, long Position, byte[] Bytes) : Operation
{
    public override string ToString() => $"Write(file {File}, at {Position}, {Bytes.Length} bytes)";
}

internal sealed record SetLength(int File, long Length) : Operation;

internal sealed record SyncFile(int File) : Operation;

internal sealed record Rename(string From, string To, int File) : Operation;

internal sealed record Delete(string Path) : Operation;

internal sealed record MakeDirectory(string Path) : Operation;

internal sealed record RemoveDirectory(string Path) : Operation;

internal sealed record SyncDirectory(string Path) : Operation;

/// <summary>What a client sent or was told at this place of the trace.</summary>
internal sealed record Told(Workload.Event Event) : Operation
{
    public override string ToString() => Event.ToString();
}
