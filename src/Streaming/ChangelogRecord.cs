namespace Streams.Streaming;

/// <summary>A record of a changelog in the client's memory: good during the call that it is given to.</summary>
public readonly unsafe struct ChangelogRecord
{
    private readonly byte* key;
    private readonly byte* value;
    private readonly int keyLength;
    private readonly int valueLength;

    internal ChangelogRecord(byte* key, int keyLength, byte* value, int valueLength)
    {
        this.key = key;
        this.keyLength = keyLength;
        this.value = value;
        this.valueLength = valueLength;
    }

    public ReadOnlySpan<byte> Key => new(key, keyLength);

    /// <summary>Empty when the key was deleted.</summary>
    public ReadOnlySpan<byte> Value => new(value, valueLength);

    /// <summary>The record has no value.</summary>
    public bool IsDeleted => value is null;
}
