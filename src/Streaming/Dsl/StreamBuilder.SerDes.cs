using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl;

public sealed partial class StreamBuilder
{
    private readonly Dictionary<Type, object> serDes = [];

    /// <summary>A builder that knows the serializers of text, bytes, whole numbers, decimals and GUIDs in Kafka's own forms.</summary>
    public StreamBuilder()
    {
        UseSerDes(new StringSerDes());
        UseSerDes(new ByteArraySerDes());
        UseNullableToo(new Int32SerDes());
        UseNullableToo(new Int64SerDes());
        UseNullableToo(new DecimalSerDes());
        UseNullableToo(new GuidSerDes());
    }

    /// <summary>Sets the serializer that operators take for a type where they are given none.</summary>
    public StreamBuilder UseSerDes<T>(ISerDes<T> serDes)
    {
        ArgumentNullException.ThrowIfNull(serDes);
        this.serDes[typeof(T)] = serDes;
        return this;
    }

    /// <summary>The serializer set for a type; null when there is none.</summary>
    internal ISerDes<T>? SerDesOf<T>() => serDes.GetValueOrDefault(typeof(T)) as ISerDes<T>;

    private ISerDes<T> Require<T>(string forWhat) =>
        SerDesOf<T>() ?? throw new TopologyException($"\"{forWhat}\" needs a serializer of {typeof(T).Name}: give it, or set one for the type (StreamBuilder.UseSerDes)");

    private void UseNullableToo<T>(ISerDes<T> serDes)
        where T : struct
    {
        UseSerDes(serDes);
        UseSerDes(new NullableSerDes<T>(serDes));
    }
}
