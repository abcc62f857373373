using System.Diagnostics;

namespace Streams.Broker.Crash.Tests;

/// <summary>This assembly as a program: a broker on the folder it is given, for tests that need a process of its own. It prints its address and ends when its input does.</summary>
internal static class BrokerHost
{
    public static async Task Main(string[] arguments)
    {
        await using var broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = arguments[0], SegmentBytes = 1500 });
        Console.WriteLine(broker.BootstrapServers);
        await Console.In.ReadToEndAsync();
    }
}

/// <summary>A broker in a process of its own.</summary>
internal sealed class BrokerProcess : IDisposable
{
    private readonly Process _process;

    /// <param name="wrapper">A command that runs the command after it, such as strace.</param>
    public BrokerProcess(string folder, params string[] wrapper)
    {
        string[] command = [.. wrapper, "dotnet", typeof(BrokerHost).Assembly.Location, folder];
        _process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        BootstrapServers = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"{string.Join(' ', command)} ended with {_process.ExitCode}");
    }

    public string BootstrapServers { get; }

    public int Id => _process.Id;

    /// <summary>The exit code of a process that ends by itself.</summary>
    public int AwaitEnd() => _process.WaitForExit(TimeSpan.FromSeconds(60)) ? _process.ExitCode : throw new TimeoutException("the broker goes on");

    public void Stop()
    {
        _process.StandardInput.Close();
        AwaitEnd();
    }

    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited) Kill();
        _process.Dispose();
    }
}
