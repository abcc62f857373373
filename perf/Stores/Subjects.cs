using Streams.Streaming;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Perf.StateStores;

internal interface ISubject : IDisposable
{
    bool TryGet(long key, out Value value);

    void Put(long key, Value value);

    void Commit();
}

/// <summary>A store of the runtime; commits go to a changelog that forgets them.</summary>
internal sealed class OwnStore(KeyValueStoreSupplier kind) : ISubject, IChangelog
{
    private readonly IKeyValueStore<long, Value> store = Stores.KeyValueStoreBuilder(kind, new Int64SerDes(), new ValueSerDes()).Build();

    public bool TryGet(long key, out Value value) => store.TryGet(key, out value);

    public void Put(long key, Value value) => store.Put(key, value);

    public void Commit() => store.Flush(this);

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
    }

    public void Delete(ReadOnlySpan<byte> key)
    {
    }

    public void Dispose() => (store as IDisposable)?.Dispose();
}
