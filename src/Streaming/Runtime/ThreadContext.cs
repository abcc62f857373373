using Microsoft.Extensions.Logging;
using Streams.Streaming.State.Local;

namespace Streams.Streaming.Runtime;

/// <summary>What the parts of one stream thread share.</summary>
internal sealed class ThreadContext(string name, StreamConfig config, BrokerAdmin admin, LocalState? local, ILogger logger)
{
    public string Name { get; } = name;

    public StreamConfig Config { get; } = config;

    public BrokerAdmin Admin { get; } = admin;

    /// <summary>Null without a state directory.</summary>
    public LocalState? Local { get; } = local;

    public ILogger Logger { get; } = logger;

    public ThreadMetrics Metrics { get; } = new(config.ApplicationId, name);

    /// <summary>Why the open transaction cannot be committed any more; null as long as it can. The thread recovers at its next turn.</summary>
    public Exception? Broken { get; private set; }

    /// <summary>The first cause is the one that counts.</summary>
    public void Break(Exception cause) => Broken ??= cause;

    public void Mend() => Broken = null;
}
