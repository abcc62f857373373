namespace Streams.Broker.Disk;

/// <summary>Small files that are replaced as a whole: after a crash either the old or the new content stands, never a part.</summary>
internal static class WholeFile
{
    /// <exception cref="IOException">The new content could not be brought to disk; the old one stands, or the new one where its name alone is not known to last.</exception>
    public static void Replace(IDisk disk, string path, ReadOnlySpan<byte> content)
    {
        var draft = path + ".new";
        using (var file = disk.Open(draft))
        {
            file.SetLength(0);
            file.Write(content, 0);
            file.Sync();
        }
        disk.Move(draft, path);
        disk.SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>The whole content; null where the file is missing.</summary>
    /// <exception cref="InvalidDataException">It is longer than the bound.</exception>
    public static byte[]? Read(IDisk disk, string path, int maxBytes)
    {
        if (!disk.FileExists(path)) return null;
        using var file = disk.Open(path);
        if (file.Length > maxBytes) throw new InvalidDataException($"{path} has {file.Length} bytes, at most {maxBytes} are read");
        var bytes = new byte[file.Length];
        return file.Read(bytes, 0) == bytes.Length ? bytes : throw new InvalidDataException($"{path} became shorter while it was read");
    }
}
