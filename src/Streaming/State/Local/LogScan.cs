namespace Streams.Streaming.State.Local;

/// <summary>
/// The valid part of a log: segments that follow on each other from frame 0, each up to its last whole commit. Everything is checked before any store
/// sees an entry, since a store cannot give back what it was fed.
/// </summary>
internal sealed class LogScan
{
    private readonly IStateFiles files;
    private readonly string directory;
    private readonly LogIdentity identity;
    private readonly List<Segment> segments = [];
    private readonly List<string> dead = [];

    public LogScan(IStateFiles files, string directory, LogIdentity identity)
    {
        (this.files, this.directory, this.identity) = (files, directory, identity);
        Scan();
    }

    public IReadOnlyList<Segment> Segments => segments;

    /// <summary>Files that are superseded, cut off by damage, unfinished or foreign.</summary>
    public IReadOnlyList<string> Dead => dead;

    /// <summary>A segment held bytes behind its last whole commit: the torn tail of a crash, or damage.</summary>
    public bool HasTornTail { get; private set; }

    /// <summary>A segment is whole, but of other stores or topics, or of another version.</summary>
    public bool IsForeign { get; private set; }

    public long NextSequence { get; private set; }

    /// <summary>Of the last segment; what comes next must name it.</summary>
    public uint Link { get; private set; }

    private void Scan()
    {
        using var reader = new FrameReader(identity.StoreCount);
        var names = new List<SegmentName>();
        foreach (var file in files.List(directory))
        {
            if (SegmentName.Parse(file) is { } name)
                names.Add(name);
            else
                dead.Add(file);
        }
        while (FindNext(reader, names) is { } found)
        {
            segments.Add(found);
            (NextSequence, Link) = (found.NextSequence, found.Link);
        }
        dead.AddRange(names.Where(n => !segments.Exists(s => s.Name == n)).Select(n => n.ToString()));
    }

    /// <summary>The segment that goes on where the last one ended; of several the one that covers most, as far as it is whole.</summary>
    private Segment? FindNext(FrameReader reader, List<SegmentName> names) =>
        names.Where(n => n.From == NextSequence).OrderByDescending(n => n.To).Select(n => Check(reader, n)).FirstOrDefault(s => s is not null);

    private Segment? Check(FrameReader reader, SegmentName name)
    {
        var file = files.Open(Path.Combine(directory, name.ToString()));
        var size = file.Length;
        var link = SegmentHead.Check(file, name, identity, Link);
        reader.Start(file, SegmentHead.Length(identity), name.From, link is null ? 0 : size);
        Segment? valid = null;
        while (reader.Next(verify: true))
        {
            if (!Frame.IsCommit(reader.Current))
                continue;
            var positions = new long[identity.StoreCount];
            var writtenAt = Frame.ReadTrail(reader.Current, positions);
            valid = new Segment(
                name, Link, name.IsMerged ? link!.Value : Frame.CheckSum(reader.Current), reader.At,
                name.IsMerged ? name.To + 1 : reader.NextSequence, positions, writtenAt);
        }
        if (valid is not null && valid.Bytes == size)
            return valid;
        if (link is null && SegmentHead.IsForeign(file, identity))
            IsForeign = true;
        else
            HasTornTail = true;
        // A merged segment is one commit: it is whole or nothing.
        return name.IsMerged ? null : valid;
    }
}
