using System.Collections.ObjectModel;

namespace Streams.Streaming.State;

/// <summary>A store's name, how it is logged, and how it is made. <see cref="Stores"/> makes them.</summary>
public sealed class StoreBuilder<TStore>(string name, Func<TStore> factory) : IStoreBuilder
    where TStore : IStateStore
{
    public string Name { get; } = name;

    public bool LoggingEnabled { get; private set; } = true;

    /// <summary>Whether updates of a key between two commits may be passed on as one.</summary>
    public bool CachingEnabled { get; private set; }

    public IReadOnlyDictionary<string, string> LogConfig { get; private set; } = ReadOnlyDictionary<string, string>.Empty;

    public TStore Build() => factory();

    IStateStore IStoreBuilder.Build() => factory();

    /// <param name="config">Settings of the changelog topic; null: the runtime's.</param>
    public StoreBuilder<TStore> WithLoggingEnabled(IReadOnlyDictionary<string, string>? config = null)
    {
        LoggingEnabled = true;
        LogConfig = config ?? ReadOnlyDictionary<string, string>.Empty;
        return this;
    }

    /// <summary>The store is empty after each restart.</summary>
    public StoreBuilder<TStore> WithLoggingDisabled()
    {
        LoggingEnabled = false;
        LogConfig = ReadOnlyDictionary<string, string>.Empty;
        return this;
    }

    public StoreBuilder<TStore> WithCachingEnabled()
    {
        CachingEnabled = true;
        return this;
    }

    public StoreBuilder<TStore> WithCachingDisabled()
    {
        CachingEnabled = false;
        return this;
    }
}
