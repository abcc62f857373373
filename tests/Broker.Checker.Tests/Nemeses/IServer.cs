namespace Streams.Broker.Checker.Tests.Nemeses;

/// <summary>A broker as a process that can be hurt.</summary>
internal interface IServer : IAsyncDisposable
{
    string Name { get; }

    string BootstrapServers { get; }

    /// <summary>Control records more than one for each transaction that each kill may leave in a partition.</summary>
    int MarkersRepeatedPerKill { get; }

    Task StartAsync();

    /// <summary>SIGKILL; returns when the process is gone.</summary>
    Task KillAsync();

    /// <summary>Starts it again over the same data; returns when it is ready.</summary>
    Task ResumeAsync();
}
