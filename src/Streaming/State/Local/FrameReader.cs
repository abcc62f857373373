namespace Streams.Streaming.State.Local;

/// <summary>Goes through the frames of a segment with large reads.</summary>
internal sealed class FrameReader(int stores) : IDisposable
{
    private const int BufferSize = 2 * Frame.Size;
    private byte[] buffer = [];
    private IStateFile? file;
    private long limit, filled, sequence;
    private int start, end;

    /// <summary>The frame as it stands in the file; valid until the next call.</summary>
    public ReadOnlySpan<byte> Current => buffer.AsSpan(start, length);

    /// <summary>Position behind the frame.</summary>
    public long At { get; private set; }

    public long NextSequence => sequence;

    private int length;

    /// <summary>Begins at the first frame behind the head.</summary>
    public void Start(IStateFile segment, long head, long firstSequence, long limit)
    {
        file?.Dispose();
        (file, sequence, this.limit) = (segment, firstSequence, limit);
        (start, end, length) = (0, 0, 0);
        At = filled = head;
        var size = (int)Math.Min(BufferSize, limit);
        if (buffer.Length < size)
            buffer = GC.AllocateUninitializedArray<byte>(size);
    }

    /// <summary>The next frame; false at the end and at the first frame that is not whole.</summary>
    /// <param name="verify">False only for bytes that were verified before.</param>
    public bool Next(bool verify)
    {
        start += length;
        length = 0;
        if (limit - At < Frame.Head || !Fill(Frame.Head))
            return false;
        var size = Frame.Length(buffer.AsSpan(start));
        // The length is held against the file before anything is allocated for it.
        if (size < Frame.Head || size > limit - At || !Fill(size))
            return false;
        if (verify && !Frame.IsValid(buffer.AsSpan(start, size), sequence, stores))
            return false;
        length = size;
        sequence++;
        At += size;
        return true;
    }

    public void Dispose() => file?.Dispose();

    private bool Fill(int wanted)
    {
        if (end - start >= wanted)
            return true;
        var rest = end - start;
        var into = wanted > buffer.Length ? GC.AllocateUninitializedArray<byte>(wanted) : buffer;
        Array.Copy(buffer, start, into, 0, rest);
        (buffer, start, end) = (into, 0, rest);
        var count = (int)Math.Min(buffer.Length - end, limit - filled);
        var read = file!.Read(buffer.AsSpan(end, count), filled);
        end += read;
        filled += read;
        return end >= wanted;
    }
}
