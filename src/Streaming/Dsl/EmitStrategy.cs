namespace Streams.Streaming.Dsl;

/// <summary>When a windowed aggregate shows a window.</summary>
public enum EmitStrategy
{
    /// <summary>With each record.</summary>
    OnWindowUpdate,

    /// <summary>Once, with the record (or the time marker) that closes it.</summary>
    OnWindowClose,
}
