namespace Streams.Streaming.Dsl;

/// <summary>Where and how records are written as text: "[label]: key, value" lines, as in Kafka Streams.</summary>
public sealed class Printed<TKey, TValue>
{
    private readonly TextWriter writer;
    private string? label;
    private Func<TKey, TValue, string> mapper = (key, value) => FormattableString.Invariant($"{(key is null ? "null" : key)}, {(value is null ? "null" : value)}");

    private Printed(TextWriter writer) => this.writer = TextWriter.Synchronized(writer);

    /// <summary>To standard output.</summary>
    public static Printed<TKey, TValue> ToOut() => new(Console.Out);

    /// <summary>To a writer, which the caller closes.</summary>
    public static Printed<TKey, TValue> ToWriter(TextWriter writer) => new(writer);

    /// <summary>What stands in brackets; without it, the name of the node that the records come from.</summary>
    public Printed<TKey, TValue> WithLabel(string label)
    {
        this.label = label;
        return this;
    }

    public Printed<TKey, TValue> WithKeyValueMapper(Func<TKey, TValue, string> mapper)
    {
        ArgumentNullException.ThrowIfNull(mapper);
        this.mapper = mapper;
        return this;
    }

    internal Action<TKey, TValue> LabelledBy(string node) => (key, value) => writer.WriteLine($"[{label ?? node}]: {mapper(key, value)}");
}
