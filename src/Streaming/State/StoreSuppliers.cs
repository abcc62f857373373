namespace Streams.Streaming.State;

/// <summary>What kind of key-value store to make. <see cref="Stores"/> has the ways to say it.</summary>
/// <param name="Ttl">How long an entry lives by stream time after it was put; null: until it is deleted.</param>
public sealed record KeyValueStoreSupplier(string Name, TimeSpan? Ttl = null);

/// <summary>What kind of window store to make.</summary>
/// <param name="Retention">At least the windows' size and grace together.</param>
/// <param name="RetainDuplicates">Keep several values of one key and start side by side, as a join of streams needs.</param>
public sealed record WindowStoreSupplier(string Name, TimeSpan Retention, TimeSpan WindowSize, bool RetainDuplicates = false);

/// <summary>What kind of session store to make.</summary>
/// <param name="Retention">At least the sessions' gap and grace together.</param>
public sealed record SessionStoreSupplier(string Name, TimeSpan Retention);

