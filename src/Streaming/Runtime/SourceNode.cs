using Streams.Streaming.SerDes;

namespace Streams.Streaming.Runtime;

/// <summary>Reads bytes into typed records. Keys and values of types that cannot be null must be there.</summary>
internal sealed class SourceNode<TKey, TValue>(StreamTask task, NodeSpec spec, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, TimestampExtractor<TKey, TValue>? extractor)
    : BytesNode(spec.Name)
{
    private readonly TimeMarkers markers = new(task, spec);
    private Node<TKey, TValue>[] children = [];
    private Record<TKey, TValue> extracted;

    public override void Connect(IReadOnlyList<Node> children) => this.children = [.. children.Select(c => Typed.Cast<TKey, TValue>(this, c))];

    public override void Init() => markers.Init();

    public override long TimestampOf(in Record record)
    {
        if (TimeMarkers.IsMarker(in record))
            return markers.AreRead ? record.Timestamp : -1;
        if (extractor is null)
            return record.Timestamp;
        extracted = Read(in record);
        return extracted.Timestamp;
    }

    public override void Process(in Record record)
    {
        if (TimeMarkers.IsMarker(in record))
        {
            markers.Read(in record);
            return;
        }
        task.Activity++;
        var typed = extractor is null ? Read(in record) : extracted;
        if (typed.Timestamp < 0)
        {
            task.Drop("NEGATIVE_TIMESTAMP", $"the record's time is {typed.Timestamp}");
            return;
        }
        foreach (var child in children)
            child.Process(in typed);
    }

    private Record<TKey, TValue> Read(in Record record)
    {
        var key = record.HasKey ? Read(keySerDes, record.Key, "key") : default!;
        var value = record.HasValue ? Read(valueSerDes, record.Value, "value") : default!;
        var typed = new Record<TKey, TValue>(key, value, record.Timestamp, record.Headers) { HasKey = record.HasKey, HasValue = record.HasValue };
        return extractor is null ? typed : typed.WithTimestamp(extractor(typed, task.StreamTime));
    }

    private static T Read<T>(ISerDes<T> serDes, ReadOnlySpan<byte> bytes, string part)
    {
        try
        {
            return serDes.Deserialize(bytes);
        }
        catch (Exception e)
        {
            throw new DeserializationException($"the {part} is no {typeof(T).Name}: {e.Message}", e);
        }
    }
}
