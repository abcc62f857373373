namespace Streams.Streaming.State;

/// <summary>What kind of key-value store to make. <see cref="Stores"/> has the ways to say it.</summary>
/// <param name="Ttl">How long an entry lives by stream time after it was put; null: until it is deleted.</param>
/// <param name="Spill">Where values go that do not fit into memory; null: all is in memory.</param>
public sealed record KeyValueStoreSupplier(string Name, TimeSpan? Ttl = null, SpillOptions? Spill = null);

/// <summary>What kind of window store to make.</summary>
/// <param name="Retention">At least the windows' size and grace together.</param>
/// <param name="RetainDuplicates">Keep several values of one key and start side by side, as a join of streams needs.</param>
public sealed record WindowStoreSupplier(string Name, TimeSpan Retention, TimeSpan WindowSize, bool RetainDuplicates = false);

/// <summary>What kind of session store to make.</summary>
/// <param name="Retention">At least the sessions' gap and grace together.</param>
public sealed record SessionStoreSupplier(string Name, TimeSpan Retention);

/// <summary>The files of a store that may be larger than memory. They hold nothing that outlives the store: after a restart it is restored into new ones.</summary>
/// <param name="Directory">Where the files are made; null: the system's folder for temporary files. They are unlinked at once, so that not even a killed process leaves them behind.</param>
public sealed record SpillOptions(string? Directory = null);
