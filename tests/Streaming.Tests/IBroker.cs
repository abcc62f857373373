namespace Streams.Streaming.Tests;

/// <summary>The broker that a run of the runtime's contract tests uses; chosen by composition.</summary>
public interface IBroker
{
    /// <summary>Why there is no broker, or null when there is one.</summary>
    string? Missing { get; }

    string BootstrapServers { get; }
}
