using System.Diagnostics;
using System.Globalization;

namespace Streams.Streaming.Tests;

/// <summary>The counting application in its own process.</summary>
internal sealed class ChildInstance : IDisposable
{
    private readonly Process process;

    public ChildInstance(string bootstrapServers, TestTopics topics, GroupProtocol protocol = GroupProtocol.Classic, int sessionMs = 4000, params string[] more)
    {
        process = Process.Start(new ProcessStartInfo(
            Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet",
            ["exec", typeof(ChildInstance).Assembly.Location, bootstrapServers, topics.Application, topics.Input, topics.Output, "1",
                sessionMs.ToString(CultureInfo.InvariantCulture), protocol.ToString(), .. more])
        { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
    }

    public async Task RunningAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        Assert.Equal("running", await process.StandardOutput.ReadLineAsync(limit.Token));
    }

    public void Signal(string name)
    {
        using var kill = Process.Start("kill", ["-" + name, process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public bool HasEnded => process.HasExited;

    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    public void Dispose()
    {
        if (!process.HasExited)
            Kill();
        process.Dispose();
    }
}
