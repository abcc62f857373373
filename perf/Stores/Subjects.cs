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

/// <summary>A window store with one open window a key.</summary>
internal sealed class OwnWindows : ISubject, IChangelog
{
    private readonly IWindowStore<long, Value> store = Stores.WindowStoreBuilder(
        Stores.InMemoryWindowStore("s", TimeSpan.FromSeconds(70), TimeSpan.FromSeconds(60)), new Int64SerDes(), new ValueSerDes()).Build();

    public bool TryGet(long key, out Value value) => store.TryFetch(key, 60_000, out value);

    public void Put(long key, Value value) => store.Put(key, value, 60_000);

    public void Commit() => store.Flush(this);

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
    }

    public void Delete(ReadOnlySpan<byte> key)
    {
    }

    public void Dispose()
    {
    }
}

/// <summary>A duplicate filter whose identities are all alive; a put that finds a duplicate is a get.</summary>
internal sealed class OwnDuplicates : ISubject, IChangelog
{
    private readonly IDuplicateFilter filter = Stores.DuplicateFilter("s", TimeSpan.FromHours(1)).Build();

    public bool TryGet(long key, out Value value)
    {
        value = new() { Count = 1 };
        return filter.Contains(SipHash128.Identity(BitConverter.GetBytes(key)));
    }

    public void Put(long key, Value value) => filter.Add(SipHash128.Identity(BitConverter.GetBytes(key)), 1000);

    public void Commit() => filter.Flush(this);

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
    }

    public void Delete(ReadOnlySpan<byte> key)
    {
    }

    public void Dispose()
    {
    }
}

/// <summary>What a program without a framework has: a dictionary, and no commit.</summary>
internal sealed class Plain : ISubject
{
    private readonly Dictionary<long, Value> values = [];

    public bool TryGet(long key, out Value value) => values.TryGetValue(key, out value);

    public void Put(long key, Value value) => values[key] = value;

    public void Commit()
    {
    }

    public void Dispose() => values.Clear();
}
